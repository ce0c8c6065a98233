// The loudness of the last seconds, as bars.

const BARS = 64;

/** Draws on a canvas; returns what takes the next loudness, 0 to 1. */
export function levelMeter(canvas) {
  const levels = new Array(BARS).fill(0);
  const pen = canvas.getContext("2d");
  draw();
  return (level) => {
    levels.push(level);
    levels.shift();
    draw();
  };

  function draw() {
    const { width, height } = canvas;
    pen.clearRect(0, 0, width, height);
    pen.fillStyle = getComputedStyle(canvas).color;
    const step = width / BARS;
    levels.forEach((level, index) => {
      const bar = Math.max(3, Math.sqrt(level) * height); // quiet speech is seen, too
      pen.beginPath();
      pen.roundRect(index * step, (height - bar) / 2, step * 0.55, bar, step * 0.3);
      pen.fill();
    });
  }
}
