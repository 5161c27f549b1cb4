"""One party of a private inference in SecretFlow SPU: `senet measure` starts two of these.

spu_party.py --version                 what is installed, as JSON
spu_party.py RANK PORT0 PORT1 PACKAGE WORK PROTOCOL FRACTION_BITS IMAGES
    Party 0 is the client, party 1 the server. Runs the package's program on its first IMAGES images, then each of its
    layers alone on the first one, twice. In WORK it leaves log<RANK> (costs of each run), messages<RANK> (each message,
    with a mark before and after each run), party<RANK>.json, and as party 0 logits.bin and compiled/.
"""

import importlib.metadata
import importlib.util
import json
import os
import platform
import sys
import time
import types

# The package's own __init__ asks for JAX, which only its compiler's front end needs.
_spec = importlib.util.find_spec("spu")
if _spec is None or importlib.util.find_spec("numpy") is None:
    sys.exit("spu and numpy are not installed here")
_package = types.ModuleType("spu")
_package.__path__ = list(_spec.submodule_search_locations)
sys.modules["spu"] = _package


def versions():
    return {
        "spu": importlib.metadata.version("spu"),
        "numpy": importlib.metadata.version("numpy"),
        "python": platform.python_version(),
    }


if sys.argv[1:] == ["--version"]:
    print(json.dumps(versions()))
    sys.exit(0)

import numpy as np
from spu import libspu

RANK, PORTS = int(sys.argv[1]), sys.argv[2:4]
PACKAGE, WORK, PROTOCOL = sys.argv[4:7]
FRACTION_BITS, IMAGES = int(sys.argv[7]), int(sys.argv[8])

DTYPES = {"f32": np.float32, "i32": np.int32, "i1": np.bool_}
VISIBILITY = {
    "client": libspu.Visibility.VIS_SECRET,
    "server": libspu.Visibility.VIS_SECRET,
    "public": libspu.Visibility.VIS_PUBLIC,
}
OWNER_RANK = {"client": 0, "server": 1, "public": -1}
MARK = "@senet "


def start_logs():
    options = libspu.logging.LogOptions()
    options.enable_console_logger = False
    options.system_log_path = os.path.join(WORK, f"log{RANK}")
    options.trace_log_path = os.path.join(WORK, f"messages{RANK}")
    options.trace_content_length = 64
    options.max_log_file_size = 1 << 40  # a log that goes on in another file would be read in part
    libspu.logging.setup_logging(options)


def connect():
    description = libspu.link.Desc()
    description.recv_timeout_ms = 24 * 3600 * 1000  # who starts the parties ends them
    description.connect_retry_times = 60  # the other one may be a minute late on a busy machine
    for rank, port in enumerate(PORTS):
        description.add_party(f"party{rank}", f"127.0.0.1:{port}")
    return libspu.link.create_brpc(description, RANK)


def configuration():
    config = libspu.RuntimeConfig()
    config.protocol = getattr(libspu.ProtocolKind, PROTOCOL)
    config.field = libspu.FieldType.FM64
    config.fxp_fraction_bits = FRACTION_BITS
    config.enable_pphlo_profile = True
    config.experimental_enable_colocated_optimization = True
    return config


# The kernel's high-water mark of this process's memory, in bytes, since forget_peak().
def peak_memory():
    with open("/proc/self/status", encoding="ascii") as status:
        return next(1024 * int(line.split()[1]) for line in status if line.startswith("VmHWM:"))


# Where the kernel lets nobody do that, a peak is that of all that came before, too.
def forget_peak():
    try:
        with open("/proc/self/clear_refs", "w", encoding="ascii") as control:
            control.write("5")
    except OSError:
        pass


class Party:
    def __init__(self, manifest):
        self.manifest = manifest
        self.visibility = {a["name"]: VISIBILITY[a["owner"]] for a in manifest["arguments"]}
        config = configuration()
        self.link = connect()
        self.runtime = libspu.RuntimeWrapper(self.link, config)
        self.io = libspu.IoWrapper(2, config)
        self.memory = {}

    def share(self, argument, value):
        owner = argument["owner"]
        shares = self.io.MakeShares(value, VISIBILITY[owner], OWNER_RANK[owner])
        self.runtime.SetVar(argument["name"], shares[RANK])

    def mark(self, program):
        self.link.all_gather(MARK + program + ";")

    # Party 0 compiles, party 1 takes what it left.
    def compile_all(self, programs):
        compiled, known = os.path.join(WORK, "compiled"), {}
        if RANK == 0:
            os.makedirs(compiled, exist_ok=True)
            for name, file, inputs in programs:
                source = libspu.CompilationSource()
                source.ir_type = libspu.SourceIRType.STABLEHLO
                with open(os.path.join(PACKAGE, file), "rb") as text:
                    source.ir_txt = text.read()
                secret = libspu.Visibility.VIS_SECRET
                source.input_visibility = [self.visibility.get(i, secret) for i in inputs]
                key = (source.ir_txt, *source.input_visibility)
                if key not in known:
                    known[key] = libspu.compile(source, libspu.CompilerOptions())
                with open(os.path.join(compiled, name), "wb") as text:
                    text.write(known[key])
        self.mark("compiled")
        codes = []
        for name, _, _ in programs:
            with open(os.path.join(compiled, name), "rb") as text:
                codes.append(text.read())
        return codes

    def run(self, name, code, inputs, output):
        executable = libspu.Executable()
        executable.name, executable.code = name, code
        executable.input_names, executable.output_names = inputs, [output]
        forget_peak()
        self.mark(name)
        self.runtime.Run(executable)
        self.mark("idle")
        self.memory[name] = peak_memory()

    def revealed(self, name):
        share = self.runtime.GetVar(name)
        text = "|".join(part.hex() for part in [share.meta, *share.share_chunks])
        shares = []
        for gathered in self.link.all_gather(text):
            gathered = gathered.decode() if isinstance(gathered, bytes) else gathered
            meta, *chunks = (bytes.fromhex(part) for part in gathered.split("|"))
            shares.append(libspu.Share())
            shares[-1].meta, shares[-1].share_chunks = meta, chunks
        return self.io.Reconstruct(shares)


def main():
    start_logs()
    with open(os.path.join(PACKAGE, "manifest.json"), encoding="utf-8") as file:
        manifest = json.load(file)
    arguments = manifest["arguments"]
    party = Party(manifest)
    begin = time.perf_counter()
    inputs = [argument["name"] for argument in arguments]
    program, *layers = party.compile_all(
        [("program", manifest["program"], inputs)]
        + [(f"layer-{i}", layer["file"], layer["inputs"]) for i, layer in enumerate(manifest["layers"])]
    )
    report = {"compile_seconds": time.perf_counter() - begin}

    for argument in arguments[1:]:
        value = np.fromfile(os.path.join(PACKAGE, argument["file"]), DTYPES[argument["type"]])
        party.share(argument, value.reshape(argument["shape"]))
    image = arguments[0]
    images = np.fromfile(os.path.join(PACKAGE, image["file"]), np.float32).reshape([-1, *image["shape"]])

    logits = []
    for i in range(IMAGES):
        party.share(image, images[i])
        party.run(f"image-{i}", program, inputs, manifest["output"])
        logits.append(party.revealed(manifest["output"]))
        print(f"image {i + 1} of {IMAGES}", flush=True)

    party.share(image, images[0])
    for i, layer in enumerate(manifest["layers"]):
        for name in (f"layer-{i}", f"layer-{i}-again"):
            party.run(name, layers[i], layer["inputs"], layer["output"])
    report["memory"] = party.memory
    if RANK == 0:
        np.concatenate(logits).astype(np.float32).tofile(os.path.join(WORK, "logits.bin"))
    party.link.stop_link()
    with open(os.path.join(WORK, f"party{RANK}.json"), "w", encoding="utf-8") as file:
        json.dump(report, file)


main()
