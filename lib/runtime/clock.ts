/** Milliseconds since some fixed moment, for durations. */
export const now = (): number => performance.now();

/** Milliseconds since 1970, to compare with the times of files. Nothing else reads the calendar. */
export const wallTime = (): number => new Date().getTime();
