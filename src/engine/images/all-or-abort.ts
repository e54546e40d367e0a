/** Runs asynchronous work concurrently; the first failure aborts the rest. */

/**
 * Returns the results of all works, or throws the first failure. A failure aborts the signal that `begin` was given;
 * the other works are still awaited, because they use resources that the caller releases afterwards.
 */
export async function allOrAbort<T>(
  signal: AbortSignal | undefined,
  begin: (signal: AbortSignal) => readonly Promise<T>[],
): Promise<readonly T[]> {
  const stop = new AbortController();
  const works = begin(signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]));
  let failure: { readonly error: unknown } | undefined;
  await Promise.all(
    works.map((work) =>
      work.catch((error: unknown) => {
        failure ??= { error };
        stop.abort(error);
      }),
    ),
  );
  if (failure !== undefined) throw failure.error;
  return Promise.all(works);
}
