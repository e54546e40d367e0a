/** Entry point of the bundled program. */
import { runMain } from './main.js';

void runMain();
