// Where the reader is: #/view/more?key=value, so that every place has an address.
import { useEffect, useState } from "./vendor/preact-hooks.js";

function read() {
  const [path = "", query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [view = "", ...rest] = path.split("/");
  return { view: view || "uploads", rest, query: new URLSearchParams(query) };
}

export function go(path, query) {
  const text = query?.toString() ?? "";
  location.hash = `#/${path.join("/")}${text === "" ? "" : `?${text}`}`;
}

export function useRoute() {
  const [route, set] = useState(read);
  useEffect(() => {
    const follow = () => set(read());
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  return route;
}
