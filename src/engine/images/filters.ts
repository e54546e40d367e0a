/** Filters of `images` and of everything else that selects images by conditions. */
import { invalid, isTspodError } from '../../errors.js';
import { pathPattern } from '../../util/path-pattern.js';
import { repositoryOf } from '../../util/stored-name.js';
import { everyFilter, LABEL_FILTERS, untilLimit } from '../name-and-label-filters.js';
import type { ImageFilters, ImageSummary } from './types.js';

type Predicate = (image: ImageSummary) => boolean;

export interface ImageFilterContext {
  readonly now: Date;
  /** Finds an image by name or id. Throws NO_SUCH_IMAGE. */
  readonly find: (nameOrId: string) => ImageSummary;
}

type Maker = (values: readonly string[], context: ImageFilterContext) => Predicate;

const created = ({ createdAt }: ImageSummary) => createdAt?.getTime() ?? 0;

const before: Maker = (values, { find }) => {
  const limit = Math.min(...values.map((value) => created(find(value))));
  return (image) => created(image) < limit;
};
const since: Maker = (values, { find }) => {
  const limit = Math.max(...values.map((value) => created(find(value))));
  return (image) => created(image) > limit;
};

const MAKERS: Readonly<Record<keyof ImageFilters, Maker>> = {
  before,
  since,
  after: since,
  until: (values, { now }) => {
    const limit = Math.min(...values.map((value) => untilLimit([value], now)));
    return (image) => created(image) < limit;
  },
  dangling: (values) => {
    const wanted = values.map((value) => truth('dangling', value));
    return ({ dangling }) => wanted.includes(dangling);
  },
  // tspod has no intermediate images, and none that are read-only.
  intermediate: (values) => {
    const wanted = values.map((value) => truth('intermediate', value));
    return () => wanted.includes(false);
  },
  readonly: (values) => {
    const wanted = values.map((value) => truth('readonly', value));
    return () => wanted.includes(false);
  },
  containers: (values) => {
    const wanted = values.map((value) => truth('containers', value));
    return ({ containers }) => wanted.includes(containers > 0);
  },
  ...LABEL_FILTERS,
  id:
    (values) =>
    ({ id }) =>
      values.some((value) => id.startsWith(value.replace(/^sha256:/, ''))),
  digest:
    (values) =>
    ({ digest, digests }) =>
      values.some((value) => [digest, ...digests].some((known) => known.includes(value))),
  reference: (values, { find }) => {
    const ids = new Set(values.flatMap((value) => idMeant(value, find) ?? []));
    const patterns = values.flatMap((value) => pathPattern(value) ?? []);
    const isMeant = (form: string) => patterns.some((pattern) => pattern.test(form));
    return ({ id, names }) => ids.has(id) || names.some((name) => formsOf(name).some(isMeant));
  },
};

/** Returns one test that combines all filters. Throws INVALID_ARGUMENT for an unknown filter or a bad value. */
export function imagePredicate(filters: ImageFilters, context: ImageFilterContext): Predicate {
  return everyFilter(filters, {
    makers: MAKERS,
    make: (maker, values) => maker(values, context),
    unknown: (name) => `unsupported image filter "${name}"`,
  });
}

function truth(filter: string, text: string): boolean {
  if (/^(true|1|t)$/i.test(text)) return true;
  if (/^(false|0|f)$/i.test(text)) return false;
  throw invalid(`non-boolean value "${text}" for ${filter} filter`);
}

/**
 * Returns the id of the image if the text is its id or an id prefix; undefined if the text is a name or there is no
 * such image.
 */
function idMeant(text: string, find: ImageFilterContext['find']): string | undefined {
  try {
    const { id } = find(text);
    return id.startsWith(text.replace(/^sha256:/, '')) ? id : undefined;
  } catch (error) {
    if (isTspodError(error)) return undefined;
    throw error;
  }
}

/**
 * Returns the forms of a name that a pattern may match as a whole: all of it, the path within the registry, and the
 * last part of that path, each with and without tag or digest.
 */
function formsOf(name: string): readonly string[] {
  return [name, repositoryOf(name)].flatMap((form) => [
    form,
    form.slice(form.indexOf('/') + 1),
    form.slice(form.lastIndexOf('/') + 1),
  ]);
}
