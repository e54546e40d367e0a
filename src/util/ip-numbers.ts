/** Port numbers of Internet protocols. */

/** Port of name servers: the only one that resolv.conf(5) supports. */
export const NAME_SERVER_PORT = 53;
