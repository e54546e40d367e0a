/** Constants of the kernel's file API that node:fs lacks, or that code without side effects needs. */

/** Flags of open(2). Of these, only O_DIRECTORY and O_NOFOLLOW differ between x86 and ARM. */
const IS_ARM = process.arch === 'arm64' || process.arch === 'arm';
export const O_RDONLY = 0;
export const O_WRONLY = 1;
export const O_TRUNC = 0o1000;
export const O_NONBLOCK = 0o4000;
export const O_PATH = 0o10000000;
export const O_DIRECTORY = IS_ARM ? 0o40000 : 0o200000;
export const O_NOFOLLOW = IS_ARM ? 0o100000 : 0o400000;

/** File types in a mode: stat(2), mknod(2). */
export const S_IFMT = 0o170000;
export const S_IFIFO = 0o010000;
export const S_IFCHR = 0o020000;
export const S_IFDIR = 0o040000;
export const S_IFBLK = 0o060000;
export const S_IFREG = 0o100000;
export const S_IFLNK = 0o120000;
