/** Short forms for the table. */

export const edit = (file, from, to) => ({ file, from, to });

/** Tests of one file, by their titles or the beginnings of those. */
export const tests = (file, ...titles) => titles.map((title) => ({ file: `test/${file}`, title }));
