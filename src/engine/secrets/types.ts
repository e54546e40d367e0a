/** `engine.secrets` and its types, as users of the library see them. */

export interface SecretCreateOptions {
  /** Labels of the secret. @default none */
  readonly labels?: Readonly<Record<string, string>>;
  /** Options of the driver; stored and shown, but without effect. @default none */
  readonly driverOptions?: Readonly<Record<string, string>>;
  /**
   * Replaces the content of a secret with the same name; containers that have it keep the old content.
   * @default false
   */
  readonly replace?: boolean;
  /** Returns a secret with the same name as it is. Excludes `replace`. @default false */
  readonly ignoreExisting?: boolean;
}

export interface SecretSummary {
  /** 25 hexadecimal digits. */
  readonly id: string;
  readonly name: string;
  readonly createdAt: Date;
  /** When the content was last replaced. */
  readonly updatedAt: Date;
  readonly labels: Readonly<Record<string, string>>;
  readonly driverOptions: Readonly<Record<string, string>>;
}

/**
 * Filters of secrets: `name` (a regular expression), `id` (an id prefix or a regular expression), `label`, `label!`.
 */
export type SecretFilters = Readonly<Partial<Record<'id' | 'name' | 'label' | 'label!', readonly string[]>>>;

/**
 * Passwords, keys and the like, which containers get as files or as environment variables, and which are part of
 * neither images nor configurations. `nameOrId`: a name, an id or an id prefix.
 */
export interface Secrets {
  /**
   * Stores a secret of 1 to 511,999 bytes in the store's database, unencrypted and readable only by its owner. Throws
   * INVALID_ARGUMENT (name, size), SECRET_EXISTS.
   */
  create(name: string, data: string | Uint8Array, options?: SecretCreateOptions): Promise<SecretSummary>;
  /** Returns the summary of a secret, without its content. Throws NO_SUCH_SECRET, AMBIGUOUS. */
  get(nameOrId: string): SecretSummary;
  /** Returns the content of a secret. Throws NO_SUCH_SECRET, AMBIGUOUS. */
  read(nameOrId: string): Buffer;
  /** Lists secrets ordered by name. Throws INVALID_ARGUMENT for an unknown filter or a bad value. */
  list(options?: { readonly filters?: SecretFilters }): readonly SecretSummary[];
  /** Whether there is such a secret. Throws AMBIGUOUS. */
  exists(nameOrId: string): boolean;
  /** Removes a secret and returns its id; containers that have it keep it. Throws NO_SUCH_SECRET, AMBIGUOUS. */
  remove(nameOrId: string): Promise<string>;
}
