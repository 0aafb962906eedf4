import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { atEnd } from "../../support/at-end.ts";

/** A relay that takes so many bytes a second of what clients send, and whose kernel holds back as little as it can. */
const relay = `
import socket, sys, threading, time
upstream, rate = int(sys.argv[1]), int(sys.argv[2])

def slowly(source, target):
    try:
        while True:
            data = source.recv(1024)
            if not data: break
            target.sendall(data)
            time.sleep(len(data) / rate)
        target.shutdown(socket.SHUT_WR)
    except OSError: pass

def fast(source, target):
    try:
        while True:
            data = source.recv(65536)
            if not data: break
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError: pass

listener = socket.socket()
# Inherited by what it accepts; Node cannot say it.
listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
listener.bind(("127.0.0.1", 0))
listener.listen()
print(listener.getsockname()[1], flush=True)
while True:
    client, _ = listener.accept()
    server = socket.create_connection(("127.0.0.1", upstream))
    threading.Thread(target=slowly, args=(client, server), daemon=True).start()
    threading.Thread(target=fast, args=(server, client), daemon=True).start()
`;

/** @returns the port of a relay to another one, which is gone after the test */
export async function slowLink(upstream: number, bytesPerSecond: number): Promise<number> {
  const child = spawn("python3", ["-c", relay, String(upstream), String(bytesPerSecond)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  atEnd(async () => {
    child.kill("SIGKILL");
  });
  for await (const line of createInterface(child.stdout)) return Number(line);
  throw new Error("the relay did not start: is there a python3?");
}
