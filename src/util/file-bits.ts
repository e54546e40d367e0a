/** Numbers of the kernel's interface about files, which node:fs does not have, or which code without effects needs. */

/** The flags of open(2) are the same on x86, ARM and most others but for O_DIRECTORY and O_NOFOLLOW. */
const IS_ARM = process.arch === 'arm64' || process.arch === 'arm';
export const O_RDONLY = 0;
export const O_WRONLY = 1;
export const O_TRUNC = 0o1000;
export const O_PATH = 0o10000000;
export const O_DIRECTORY = IS_ARM ? 0o40000 : 0o200000;
export const O_NOFOLLOW = IS_ARM ? 0o100000 : 0o400000;

/** Types of files in a mode: stat(2), mknod(2). */
export const S_IFMT = 0o170000;
export const S_IFIFO = 0o010000;
export const S_IFCHR = 0o020000;
export const S_IFDIR = 0o040000;
export const S_IFBLK = 0o060000;
export const S_IFREG = 0o100000;
export const S_IFLNK = 0o120000;
