/** The library's view of secrets. */

export interface SecretCreateOptions {
  /** @default none */
  readonly labels?: Readonly<Record<string, string>>;
  /** Kept and shown; they change nothing. @default none */
  readonly driverOptions?: Readonly<Record<string, string>>;
  /** One of the same name gets the new content; containers that have it keep theirs. @default false */
  readonly replace?: boolean;
  /** One of the same name is returned as it is. Not with `replace`. @default false */
  readonly ignoreExisting?: boolean;
}

export interface SecretSummary {
  /** 25 hexadecimal digits. */
  readonly id: string;
  readonly name: string;
  readonly createdAt: Date;
  /** When its content was last replaced. */
  readonly updatedAt: Date;
  readonly labels: Readonly<Record<string, string>>;
  readonly driverOptions: Readonly<Record<string, string>>;
}

/** Filters: `name` (a regular expression), `id` (the beginning of one), `label`, `label!`. */
export type SecretFilters = Readonly<Partial<Record<'id' | 'name' | 'label' | 'label!', readonly string[]>>>;

/** Passwords, keys and the like, which containers get as files or as environment variables, and which are no part of an image or of a configuration. */
export interface Secrets {
  /**
   * Keeps a secret of 1 to 511,999 bytes in the store's database, unencrypted, where only its owner can read it. INVALID_ARGUMENT (name, size), SECRET_EXISTS.
   */
  create(name: string, data: string | Uint8Array, options?: SecretCreateOptions): Promise<SecretSummary>;
  /** By name, id, or the beginning of one. Throws NO_SUCH_SECRET, AMBIGUOUS. */
  get(nameOrId: string): SecretSummary;
  /** What it is. Throws NO_SUCH_SECRET, AMBIGUOUS. */
  read(nameOrId: string): Buffer;
  /** In the order of their names. Throws INVALID_ARGUMENT for a filter that is none. */
  list(options?: { readonly filters?: SecretFilters }): readonly SecretSummary[];
  exists(nameOrId: string): boolean;
  /** Containers that have it keep it. NO_SUCH_SECRET, AMBIGUOUS. Answers its id. */
  remove(nameOrId: string): Promise<string>;
}
