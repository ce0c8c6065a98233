// Plays samples as they come, from a ring buffer. Where they come too late there is silence, and no sample is lost.

const SECONDS = 40;

class Playback extends AudioWorkletProcessor {
  constructor() {
    super();
    this.ring = new Float32Array(SECONDS * sampleRate);
    this.written = this.read = 0; // since the beginning
    this.ended = this.told = false;
    this.reported = 0;
    this.port.onmessage = ({ data }) => (data === "end" ? (this.ended = true) : this.write(data));
  }

  write(samples) {
    for (const sample of samples) this.ring[this.written++ % this.ring.length] = sample / 0x8000;
  }

  process(_inputs, [output]) {
    const channel = output[0];
    const count = Math.min(channel.length, this.written - this.read);
    for (let index = 0; index < count; index++) channel[index] = this.ring[this.read++ % this.ring.length];
    const finished = this.ended && this.read === this.written;
    if (finished || this.read - this.reported >= sampleRate / 10) {
      this.reported = this.read;
      this.port.postMessage({ played: this.read, waiting: this.written - this.read, finished });
    }
    return !finished;
  }
}

registerProcessor("playback", Playback);
