/** Who someone is to a registry. Never shown: nothing here is put into errors, logs or arguments of programs. */
export type Credentials =
  | { readonly kind: 'password'; readonly username: string; readonly password: string }
  /** What an earlier login with a token server left, to be changed for others. */
  | { readonly kind: 'token'; readonly token: string };
