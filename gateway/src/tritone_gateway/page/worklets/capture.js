// Takes the microphone's samples, as 16-bit integers, 100 ms at a time.

class Capture extends AudioWorkletProcessor {
  constructor() {
    super();
    this.samples = new Int16Array(Math.round(sampleRate / 10));
    this.used = 0;
    this.peak = 0;
    this.port.onmessage = () => {
      this.send(); // "flush": what is left
      this.port.postMessage({ flushed: true });
    };
  }

  process([input]) {
    for (const sample of input[0] ?? []) {
      const clipped = Math.max(-1, Math.min(1, sample));
      this.peak = Math.max(this.peak, Math.abs(clipped));
      this.samples[this.used++] = clipped < 0 ? clipped * 0x8000 : clipped * 0x7fff;
      if (this.used === this.samples.length) this.send();
    }
    return true;
  }

  send() {
    if (!this.used) return;
    const samples = this.samples.slice(0, this.used).buffer;
    this.port.postMessage({ samples, level: this.peak }, [samples]);
    this.used = this.peak = 0;
  }
}

registerProcessor("capture", Capture);
