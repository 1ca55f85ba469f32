import { distinctUntilChanged, Observable, skip, throttleTime } from "rxjs";
import type { OperatorClient } from "../operator/client.js";
import { note } from "./print.js";

const LEAST_APART_MS = 1000;

/** Says how the puppet stands whenever that has changed, at most once a second; the result ends it. */
export function tellPuppetNews(client: OperatorClient): () => void {
  const details = new Observable<string>((subscriber) => {
    subscriber.next(client.state?.teleop?.detail ?? "");
    return client.onMessage((message) => {
      if (message.type === "state") {
        subscriber.next(message.teleop?.detail ?? "");
      }
    });
  });
  const news = details.pipe(
    distinctUntilChanged(),
    skip(1),
    throttleTime(LEAST_APART_MS, undefined, { leading: true, trailing: true }),
  );
  const following = news.subscribe((detail) => {
    if (detail !== "") {
      note(`Puppet: ${detail}`);
    }
  });
  return () => following.unsubscribe();
}
