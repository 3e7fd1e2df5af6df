/** Compiles the library (the set-up's last part alone): `npm run build`. */
import { buildLibrary } from './setup/library.mjs';

try {
  await buildLibrary();
} catch (error) {
  process.stderr.write(`build: ${error.message}\n`);
  process.exitCode = 1;
}
