/** The filters of `images` and of everything else that chooses images by conditions. */
import { invalid } from '../../errors.js';
import { everyFilter, LABEL_FILTERS, untilLimit } from '../common-filters.js';
import type { ImageFilters, ImageSummary } from './types.js';

type Predicate = (image: ImageSummary) => boolean;

export interface ImageFilterContext {
  readonly now: Date;
  /** Throws NO_SUCH_IMAGE. */
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
  // No image is another's intermediate step, and none may not be changed.
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
  reference: (values) => {
    const tests = values.map(referenceTest);
    return ({ names }) => names.some((name) => tests.some((test) => test(name)));
  },
};

/** One test for all filters. Throws INVALID_ARGUMENT. */
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

/** A name with `*` and `?`, at its end: with or without registry, repository or tag. */
function referenceTest(pattern: string): (name: string) => boolean {
  const expression = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '[^/]*')
    .replaceAll('?', '[^/]');
  const whole = new RegExp(`(^|/)${expression}(:[^/]*)?$`);
  return (name) => whole.test(name);
}
