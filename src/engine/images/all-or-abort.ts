/** Works at the same time, of which one that fails ends the others. */

/**
 * All that they answer, or what the first failure throws. Its failure aborts the signal that the others have; they are waited for, since they use
 * what the caller gives up then.
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
