/** Credentials for a registry. They never appear in errors, logs or arguments of programs. */
export type Credentials =
  | { readonly kind: 'password'; readonly username: string; readonly password: string }
  /** Identity token from an earlier login with a token server, to be exchanged for access tokens. */
  | { readonly kind: 'token'; readonly token: string };
