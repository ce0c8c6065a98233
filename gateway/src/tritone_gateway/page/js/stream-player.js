// Plays speech while it is made.

const LONGEST_WAITING_S = 20; // of speech before more is read: the server makes no more than is listened to

/**
 * Play a response of 16-bit mono samples on an AudioContext of their rate, which was made while a button was pressed:
 * some browsers allow no sound otherwise.
 *
 * Returns `pause`, `resume`, `stop`, `received` (all has arrived) and `finished` (all has been played).
 */
export async function playStream(response, context, { onTime }) {
  const { sampleRate } = context;
  await context.audioWorklet.addModule(new URL("../worklets/playback.js", import.meta.url));
  const node = new AudioWorkletNode(context, "playback", { numberOfInputs: 0, outputChannelCount: [1] });
  const reader = response.body.getReader();
  let received = 0;
  let played = 0;
  let wake = () => {};
  let finish;
  const finished = new Promise((resolve) => (finish = resolve));
  node.port.onmessage = ({ data }) => {
    played = data.played;
    onTime(played / sampleRate);
    wake();
    if (data.finished) finish();
  };
  node.connect(context.destination);

  async function receive() {
    let odd = new Uint8Array(0); // a sample that was split
    for (;;) {
      while ((received - played) / sampleRate > LONGEST_WAITING_S) await new Promise((resolve) => (wake = resolve));
      const { done, value } = await reader.read();
      if (done) break;
      const bytes = new Uint8Array(odd.length + value.length);
      bytes.set(odd);
      bytes.set(value, odd.length);
      const whole = bytes.length - (bytes.length % 2);
      odd = bytes.slice(whole);
      // In pieces, as the ring has room for little more than what may wait.
      for (let start = 0; start < whole; start += 2 * sampleRate) {
        const samples = new Int16Array(bytes.buffer.slice(start, Math.min(whole, start + 2 * sampleRate)));
        received += samples.length;
        node.port.postMessage(samples, [samples.buffer]);
      }
    }
    node.port.postMessage("end");
  }

  return {
    received: receive(),
    finished,
    pause: () => context.suspend(),
    resume: () => context.resume(),
    async stop() {
      finish();
      wake();
      await reader.cancel().catch(() => {});
    },
  };
}
