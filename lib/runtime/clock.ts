/** Milliseconds since some fixed moment, for durations. The only clock besides `today`. */
export const now = (): number => performance.now();
