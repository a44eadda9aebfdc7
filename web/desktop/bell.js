// @ts-check
/** Rings: a second of sound, two of silence. */
export class Bell {
  /** @type {?AudioContext} */
  sound = null;

  start() {
    if (this.sound) return;
    const sound = this.sound = new AudioContext();
    const gain = sound.createGain();
    gain.gain.value = 0;
    for (let t = sound.currentTime, i = 0; i < 100; i++, t += 3) {
      gain.gain.setValueAtTime(0.1, t);
      gain.gain.setValueAtTime(0, t + 1);
    }
    gain.connect(sound.destination);
    for (const hz of [440, 480]) {
      const tone = sound.createOscillator();
      tone.frequency.value = hz;
      tone.connect(gain);
      tone.start();
    }
  }

  stop() {
    this.sound?.close();
    this.sound = null;
  }
}
