/** Numbers of the internet protocols. */

/** The one port of name servers that resolv.conf(5) knows. */
export const NAME_SERVER_PORT = 53;
