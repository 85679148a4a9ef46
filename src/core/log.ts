/** The logger every room is handed: the part of pino they use. */
export interface Logger {
  debug(details: object, message: string): void;
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
};

/** For what is told elsewhere too: only what is wrong is said at its own level, the rest for who debugs. */
export function quieter(logger: Logger): Logger {
  const debug: Logger['debug'] = (details, message) => logger.debug(details, message);
  return { debug, info: debug, warn: debug, error: (details, message) => logger.error(details, message) };
}
