/** How slow the machine is: one that is emulated takes its time (`npm run test:vm` sets it). */
export const SLOW = process.env['TSPOD_TEST_SLOW'] === '1' ? 10 : 1;
