/**
 * Paths of the host's file system that a `host:` container does not see, as data. docs/host.md explains the choices.
 * Where the list of harmless paths is the shorter one, it is given and everything else is hidden: a secret that nobody
 * has thought of stays one.
 */

/**
 * Directories in "/" that hold the system. Other directories are absent, and so are files in "/" (swap files, dumps).
 */
export const SYSTEM_DIRECTORIES: readonly string[] = [
  '/bin',
  '/sbin',
  '/lib',
  '/lib32',
  '/lib64',
  '/libx32',
  '/usr',
  '/etc',
  '/opt',
  '/var',
  '/nix',
  '/gnu',
  '/proc',
  '/sys',
  '/dev',
];

/** Directories in "/" that exist, with owner and mode as on the host, but are empty. */
export const EMPTY_DIRECTORIES: readonly string[] = [
  '/root',
  '/home',
  '/tmp',
  '/run',
  '/boot',
  '/mnt',
  '/media',
  '/srv',
];

/** Directories in /var that are shown, or partly shown. All others there are empty. */
export const VAR_DIRECTORIES: readonly string[] = [
  '/var/lib',
  '/var/cache',
  '/var/log',
  '/var/spool',
  '/var/local',
  '/var/opt',
];

/** Directories that are shown as they are: they contain only what packages install. */
export const SHOWN_BELOW_VAR: readonly string[] = ['/var/local', '/var/opt'];

/** Directories of which only the direct subdirectories are shown, which programs expect to find; these are empty. */
export const SKELETONS: readonly string[] = ['/var/log', '/var/spool'];

/**
 * State of programs that other programs need and that is no secret; everything else in /var/lib and /var/cache is
 * absent.
 */
export const SHOWN_STATE: readonly string[] = [
  ...[
    'alternatives',
    'apk',
    'app-info',
    'apt',
    'aspell',
    'binfmts',
    'ca-certificates-java',
    'command-not-found',
    'dbus',
    'dictionaries-common',
    'dnf',
    'doc-base',
    'dpkg',
    'emacsen-common',
    'gems',
    'ghc',
    'ghostscript',
    'hunspell',
    'ieee-data',
    'ispell',
    'locales',
    'man-db',
    'misc',
    'nodejs',
    'octave',
    'pacman',
    'perl5',
    'portage',
    'python',
    'python3',
    'rpm',
    'rubygems',
    'sgml-base',
    'shared-mime-info',
    'swcatalog',
    'tex-common',
    'texmf',
    'ucf',
    'usbutils',
    'vim',
    'xfonts',
    'xml-core',
    'zypp',
  ].map((name) => `/var/lib/${name}`),
  ...[
    'apk',
    'app-info',
    'apt',
    'debconf',
    'dictionaries-common',
    'dnf',
    'fontconfig',
    'ldconfig',
    'libdnf5',
    'man',
    'pacman',
    'swcatalog',
    'yum',
    'zypp',
  ].map((name) => `/var/cache/${name}`),
];

/** Directories that are emptied, whoever may read them: private keys, passwords, configuration that contains both. */
export const SECRET_DIRECTORIES: readonly string[] = [
  '/etc/NetworkManager/system-connections',
  '/etc/ceph',
  '/etc/cloud',
  '/etc/cni',
  '/etc/credstore',
  '/etc/credstore.encrypted',
  '/etc/cups/ssl',
  '/etc/docker',
  '/etc/dovecot/private',
  '/etc/ipsec.d/private',
  '/etc/kubernetes',
  '/etc/letsencrypt',
  '/etc/openvpn',
  '/etc/pki/private',
  '/etc/pki/tls/private',
  '/etc/rancher',
  '/etc/samba/private',
  '/etc/ssl/private',
  '/etc/sudoers.d',
  '/etc/swanctl/private',
  '/etc/tinc',
  '/etc/vpnc',
  '/etc/wireguard',
  '/etc/wpa_supplicant',
];

/** Files that are absent, whoever may read them. `*` stands for any part of the last name. */
export const SECRET_FILES: readonly string[] = [
  '/etc/*.keytab',
  '/etc/apt/auth.conf',
  '/etc/crypttab',
  '/etc/containers/auth.json',
  '/etc/exim4/passwd*',
  '/etc/gshadow*',
  '/etc/ipsec.secrets',
  '/etc/master.passwd',
  '/etc/msmtprc',
  '/etc/mysql/debian.cnf',
  '/etc/opasswd',
  '/etc/postfix/sasl_passwd*',
  '/etc/ppp/*-secrets',
  '/etc/rndc.key',
  '/etc/rsyncd.secrets',
  '/etc/security/opasswd',
  '/etc/shadow*',
  '/etc/ssh/ssh_host_*key',
  '/etc/subgid-',
  '/etc/subuid-',
  '/etc/sudoers*',
  '/etc/tcb',
  '/var/cache/debconf/passwords.dat*',
];

/** Directory that is searched for files that only their owner and group may read, which are hidden as well. */
export const SEARCHED_DIRECTORY = '/etc';

/**
 * Directories that are made in the emptied directory that contains them, if the host has them: links and programs lead
 * there.
 */
export const KEPT_EMPTY: readonly string[] = ['/run/lock', '/var/tmp'];
