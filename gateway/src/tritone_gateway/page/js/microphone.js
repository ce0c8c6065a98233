// The microphone: samples from an AudioWorklet, or, where there is none, WebM or MP4 from a MediaRecorder.

const RATE_HZ = 16_000; // what recognisers take
const QUIET = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 };

/**
 * Open the microphone.
 *
 * `onAudio` gets an ArrayBuffer of 16-bit samples, or with `sampleRate` null a piece of a container; `onLevel` gets
 * the loudness, 0 to 1. `onEnd` is called when the microphone is unplugged, or no longer allowed.
 */
export async function openMicrophone({ onAudio, onLevel, onEnd }) {
  if (!navigator.mediaDevices) throw new DOMException("no secure context", "InsecureContextError");
  const stream = await navigator.mediaDevices.getUserMedia({ audio: QUIET });
  stream.getAudioTracks()[0].addEventListener("ended", onEnd); // not after its own `stop`
  try {
    return globalThis.AudioWorkletNode ? await samples(stream, onAudio, onLevel) : recorded(stream, onAudio);
  } catch (error) {
    stream.getTracks().forEach((track) => track.stop());
    throw error;
  }
}

async function samples(stream, onAudio, onLevel) {
  const [context, source] = connected(stream);
  await context.audioWorklet.addModule(new URL("../worklets/capture.js", import.meta.url));
  const capture = new AudioWorkletNode(context, "capture", { numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit" });
  const flushed = new Promise((resolve) => {
    capture.port.onmessage = ({ data }) => {
      if (data.samples) onAudio(data.samples);
      if (data.level !== undefined) onLevel(data.level);
      if (data.flushed) resolve();
    };
  });
  source.connect(capture);
  await context.resume();
  return {
    sampleRate: context.sampleRate,
    type: "audio/wav",
    async stop() {
      capture.port.postMessage("flush");
      await Promise.race([flushed, new Promise((resolve) => setTimeout(resolve, 1000))]);
      stream.getTracks().forEach((track) => track.stop());
      await context.close();
    },
  };
}

// Not every browser connects a microphone to a context of another rate.
function connected(stream) {
  const context = new AudioContext({ sampleRate: RATE_HZ });
  try {
    return [context, context.createMediaStreamSource(stream)];
  } catch {
    context.close();
    const own = new AudioContext();
    return [own, own.createMediaStreamSource(stream)];
  }
}

function recorded(stream, onAudio) {
  const recorder = new MediaRecorder(stream);
  let last = Promise.resolve(); // pieces stay in order
  recorder.ondataavailable = ({ data }) => {
    last = last.then(async () => data.size && onAudio(await data.arrayBuffer()));
  };
  recorder.start(250);
  return {
    sampleRate: null,
    type: recorder.mimeType,
    async stop() {
      const stopped = new Promise((resolve) => (recorder.onstop = resolve));
      recorder.stop();
      await stopped;
      await last;
      stream.getTracks().forEach((track) => track.stop());
    },
  };
}

/** A WAV file of pieces of 16-bit samples. */
export function wav(pieces, sampleRate) {
  const size = pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
  const header = new DataView(new ArrayBuffer(44));
  const text = (offset, letters) => [...letters].forEach((letter, index) => header.setUint8(offset + index, letter.charCodeAt(0)));
  text(0, "RIFF");
  header.setUint32(4, 36 + size, true);
  text(8, "WAVEfmt ");
  header.setUint32(16, 16, true); // size of this part
  header.setUint16(20, 1, true); // PCM
  header.setUint16(22, 1, true); // channels
  header.setUint32(24, sampleRate, true);
  header.setUint32(28, sampleRate * 2, true); // bytes per second
  header.setUint16(32, 2, true); // bytes per frame
  header.setUint16(34, 16, true); // bits
  text(36, "data");
  header.setUint32(40, size, true);
  return new Blob([header.buffer, ...pieces], { type: "audio/wav" });
}
