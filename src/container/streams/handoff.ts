/** A stream within this process between a session and the caller: what one writes the other reads. */
import { Duplex } from 'node:stream';

export interface Handoff {
  readonly stream: Duplex;
  /** Sets whether a writer waits for the reader. Otherwise all that is written is kept for the reader. @default true */
  holdBack(holds: boolean): void;
}

export function makeHandoff(): Handoff {
  let holds = true;
  let waiting: ((error?: Error) => void) | undefined;
  const goOn = (error?: Error) => {
    const done = waiting;
    waiting = undefined;
    done?.(error);
  };
  const stream = new Duplex({
    write(chunk: Buffer, _encoding, done) {
      const hasRoom = this.push(chunk);
      if (hasRoom || !holds) done();
      else waiting = done;
    },
    read() {
      goOn();
    },
    final(done) {
      this.push(null);
      done();
    },
    destroy(error, done) {
      if (error !== null) goOn(error);
      done(error);
    },
  });
  return {
    stream,
    holdBack(value) {
      holds = value;
      if (!holds) goOn();
    },
  };
}
