import { closeSync, constants, openSync } from "node:fs";
import { Socket } from "node:net";
import type { StreamSource } from "./source.ts";
import { streamSource } from "./source.ts";

/**
 * A named pipe, such as `<(ffmpeg …)` of a shell. Read as a socket, not as a file: a read of a file that waits for a
 * writer who says nothing occupies a thread, and then neither an abort nor even `process.exit()` ends the process.
 * @param size bytes, if known
 * @throws the system's error when it cannot be opened
 */
export function openPipe(path: string, size: number | undefined): StreamSource {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  let socket: Socket | undefined;
  const read = (): AsyncIterator<unknown> => {
    socket = new Socket({ fd, readable: true, writable: false });
    return socket[Symbol.asyncIterator]();
  };
  const close = (): void => {
    if (socket === undefined) closeSync(fd);
    else socket.destroy();
  };
  return streamSource({ [Symbol.asyncIterator]: read }, path, undefined, size, close);
}
