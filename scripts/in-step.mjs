/** Exits with 0 where lib/dist was built from the sources as they are now, else 1. */
import { libraryInStep } from './setup/library.mjs';

process.exitCode = libraryInStep() ? 0 : 1;
