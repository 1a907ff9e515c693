/** The version of this build; a test compares it with package.json, which the running daemon does not read. */
export const VERSION = '0.1.0';
