/** Resolves after so many seconds, or when somebody ends the program. */
export function untilEnd(seconds: number | undefined): Promise<void> {
  return new Promise((resolve) => {
    const timer = seconds === undefined ? null : setTimeout(resolve, seconds * 1000);
    const end = (): void => {
      if (timer !== null) {
        clearTimeout(timer);
      }
      resolve();
    };
    process.once("SIGINT", end);
    process.once("SIGTERM", end);
    process.once("SIGHUP", end);
  });
}
