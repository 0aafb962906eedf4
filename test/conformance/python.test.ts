import { join } from "node:path";
import { describeForeignClient, root } from "./foreign-client.ts";

const folder = join(root, "examples/python");

await describeForeignClient({
  name: "vodup_min.py",
  verifier: ["python3", join(folder, "verify_vectors.py")],
  uploader: ["python3", join(folder, "vodup_min.py")],
  env: { PYTHONDONTWRITEBYTECODE: "1" },
});
