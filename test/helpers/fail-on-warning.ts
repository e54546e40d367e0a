/** Loaded before every test file: a warning of Node (a leak of listeners, a deprecated call, a descriptor closed by the collector) fails the file. */
process.on('warning', (warning) => {
  setImmediate(() => {
    throw warning;
  });
});
