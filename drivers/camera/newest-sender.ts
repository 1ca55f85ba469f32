/** Passes values to a slow reader one at a time; while one is under way only the newest of the others is kept. */
export interface NewestSender<T> {
  offer(value: T): void;
}

/** Makes a sender on top of `send`, which calls `sent` when the value has left. */
export function createNewestSender<T>(send: (value: T, sent: () => void) => void): NewestSender<T> {
  let busy = false;
  let waiting: { readonly value: T } | null = null;

  const start = (value: T): void => {
    busy = true;
    send(value, () => {
      busy = false;
      const next = waiting;
      waiting = null;
      if (next !== null) {
        start(next.value);
      }
    });
  };

  return {
    offer: (value) => {
      if (busy) {
        waiting = { value };
      } else {
        start(value);
      }
    },
  };
}
