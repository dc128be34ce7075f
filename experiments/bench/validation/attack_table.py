"""Programs that try to escape from the sandbox, or to harm the machine; each prints ESCAPED if it gets through.

OUTSIDE, PORT and PARENT are put in their places by who runs them.
"""

# ruff: noqa: E501 - a program a line


def _try(action: str, imports: str = "import os") -> str:
    return f"{imports}\ntry:\n    result = {action}\nexcept OSError:\n    pass\nelse:\n    print('ESCAPED', result)"


def _call(name: str, *arguments: str) -> str:
    """A call into the C library that must fail."""
    return f"import ctypes\nif ctypes.CDLL(None).{name}({', '.join(arguments)}) >= 0: print('ESCAPED')"


ATTACKS = {
    # time and processor
    "infinite loop": "while True: pass",
    "busy threads": "import threading\ndef spin():\n    while True: pass\n[threading.Thread(target=spin).start() for _ in range(99)]",
    "sleep forever": "import time; time.sleep(1e6)",
    "ignores signals": "import signal\nfor s in set(signal.Signals) - {9, 19}: signal.signal(s, signal.SIG_IGN)\nwhile 1: pass",
    "signal alarm": "import signal, os; signal.signal(14, lambda *_: os.fork()); signal.setitimer(0, .01, .01)\nwhile 1: pass",
    "regex bomb": "import re; re.match('(a+)+$', 'a' * 64 + 'b')",
    "big power": "9 ** 9 ** 9",
    "catches everything": "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
    "slow destructor": "class A:\n    def __del__(self):\n        while True: pass\nA()",
    "waits at exit": "import atexit, time; atexit.register(time.sleep, 1e6)",
    # memory and disk
    "memory bomb": "a = []\nwhile True: a.append(bytearray(1 << 24))",
    "memory at once": "bytearray(1 << 40)",
    "memory in many processes": "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass\n    a = bytearray(1 << 24)",
    "gc bomb": "import gc; gc.disable()\nwhile True:\n    a = []; a.append(a); b = [a] * 9999; a.append(b)",
    "zip bomb": "import zlib\nc = zlib.compressobj()\nd = b''.join([c.compress(bytes(1 << 20)) for _ in range(600)]) + c.flush()\nzlib.decompress(d)",
    "fills the scratch": "i = 0\nwhile True: open(f'f{i}', 'wb').write(bytes(1 << 22)); i += 1",
    "huge file": "open('big', 'wb').truncate(1 << 40); print('ESCAPED')",
    "many files": "i = 0\nwhile True: open(f'f{i}', 'w').close(); i += 1",
    "memory file": _call("memfd_create", "b'x'", "0"),
    "shared memory segments": _call("shmget", "0", "1 << 30", "0o1666"),
    "output flood": "while True: print('x' * 9999)",
    "error flood": "import os\nwhile True: os.write(2, b'x' * 9999)",
    "deep recursion": "import sys; sys.setrecursionlimit(10 ** 9)\ndef f(): return f()\nf()",
    "crash": "import ctypes; ctypes.string_at(0)",
    "raises its own limits": "import resource\nfor n in ('AS', 'NPROC', 'FSIZE', 'CPU'):\n    try: resource.setrlimit(getattr(resource, 'RLIMIT_' + n), (-1, -1)); print('ESCAPED', n)\n    except (ValueError, OSError): pass",
    # processes
    "fork bomb": "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass",
    "daemon": "import os, time\nif not os.fork():\n    os.setsid()\n    if not os.fork():\n        for fd in range(64):\n            try: os.close(fd)\n            except OSError: pass\n        time.sleep(1e6)",
    "kills everything": "import os\ntry: os.kill(-1, 9)\nexcept OSError: pass",
    "kills its group": "import os; os.killpg(0, 9)",
    "kills its parents": "import os\nfor pid in (os.getppid(), 1, PARENT):\n    try: os.kill(pid, 9)\n    except OSError: pass",
    "traces the first process": _call("ptrace", "16", "1", "0", "0"),
    "reads the first process's memory": _call("process_vm_readv", "1", "0", "0", "0", "0", "0"),
    "another interpreter": "import subprocess, sys; subprocess.run([sys.executable, '-c', 'while True: pass'])",
    "shell": "import subprocess; subprocess.run('while :; do :; done', shell=True)",
    "setuid program": "import subprocess; p = subprocess.run(['/usr/bin/su', '-c', 'id'], capture_output=True, text=True)\nif 'uid=0' in p.stdout: print('ESCAPED')",
    "becomes root": _try("os.setuid(0)"),
    # network
    "loopback": _try("socket.create_connection(('127.0.0.1', PORT), .2)", "import socket"),
    "outside": _try("socket.create_connection(('8.8.8.8', 53), .2)", "import socket"),
    "name server": _try("socket.getaddrinfo('example.org', 80)", "import socket"),
    "LSL multicast": _try("socket.socket(2, 2).sendto(b'LSL:shortinfo', ('239.255.172.215', 16571))", "import socket"),
    "virtual machine socket": _try("socket.socket(40, 1)", "import socket"),
    "abstract socket": _try("socket.socket(socket.AF_UNIX).connect('\\0/tmp/.X11-unix/X0')", "import socket"),
    "kernel socket": _try("socket.socket(16, 3, 0)", "import socket"),
    # files
    "writes to the root": _try("open('/escaped', 'w')"),
    "writes to home": _try("open(os.path.expanduser('~root/escaped'), 'w')"),
    "writes outside": _try("open('OUTSIDE/escaped', 'w')"),
    "reads outside": _try("open('OUTSIDE/secret').read()"),
    "makes the outside": _try("os.makedirs('OUTSIDE')"),
    "writes to temporary files": _try("open('/tmp/escaped', 'w')"),
    "link out of the scratch": "import os; os.symlink('OUTSIDE/secret', 'link')\n" + _try("open('link').read()"),
    "way up": _try("open('../' * 9 + 'OUTSIDE/secret').read()"),
    "deletes files": "import shutil, os\nfor top in ('/', '/box', '/usr', 'OUTSIDE'): shutil.rmtree(top, ignore_errors=True)\nif not os.path.exists('/usr/bin'): print('ESCAPED')",
    "changes its own package": _try("open('/box/validation/sandbox/child.py', 'a')"),
    "changes the packages": _try("open(sys.prefix + '/escaped', 'w')", "import sys"),
    "passwords": _try("open('/etc/shadow').read()"),
    "keys": _try("os.listdir('/root/.ssh')"),
    "environment of another process": _try("open('/proc/PARENT/environ').read()"),
    "out-of-memory score": _try("open('/proc/self/oom_score_adj', 'w')"),
    "core pattern": _try("open('/proc/sys/kernel/core_pattern', 'w')"),
    "memory device": _try("open('/dev/mem', 'rb')"),
    "makes a device": _try("open(os.mknod('disk', 0o60600, os.makedev(254, 0)) or 'disk', 'rb')"),
    "terminal": _try("open('/dev/tty', 'w')"),
    "environment": "import os\nif 'SECRET' in str(os.environ): print('ESCAPED')",
    "inherited files": "import os\nfor fd in range(3, 64):\n    try:\n        if b'secret' in os.pread(fd, 99, 0): print('ESCAPED')\n    except OSError: pass",
    # walls
    "mount": _call("mount", "b'x'", "b'/scratch'", "b'tmpfs'", "0", "0"),
    "unmount": _call("umount2", "b'/usr'", "2"),
    "makes the root writable": _call("mount", "0", "b'/'", "0", "0x1020", "0"),
    "chroot": _try("os.chroot('/scratch')"),
    "new user namespace": _call("unshare", "0x10000000"),
    "clone into a namespace": _call("syscall", "56", "0x10000011", "0", "0", "0", "0"),
    "enters a namespace": _call("setns", "0", "0"),
    "old system calls": _call("syscall", "0x40000000 + 165", "0", "0", "0", "0", "0"),
    "io_uring": _call("syscall", "425", "1", "0"),
    "bpf": _call("syscall", "321", "0", "0", "0"),
    "user faults": _call("syscall", "323", "0"),
    "host name": _call("sethostname", "b'escaped'", "7"),
    "clock": _try("time.clock_settime(time.CLOCK_REALTIME, 0)", "import time"),
    "priority": _try("os.nice(-20)"),
    "closes all files": "import os; os.closerange(0, 64)\nwhile True: pass",
    "reads its input": "print('ESCAPED' if input() else '')",
}  # fmt: skip

# Programs whose function is wrong, and which try to have the tests pass all the same.
FORGERIES = {
    "leaves early": "import sys; sys.exit(0)",
    "leaves at once": "import os; os._exit(0)",
    "interrupts": "raise KeyboardInterrupt",
    "leaves in the test": "import os\ndef mean(x): os._exit(0)",
    "leaves in the test with an exception": "import sys\ndef mean(x): sys.exit(0)",
    "equals all": "class All:\n    def __eq__(self, other): return True\ndef mean(x): return All()",
    "a number that equals all": "class All(float):\n    def __eq__(self, other): return True\ndef mean(x): return All(3)",
    "other assertions": "import builtins\nclass Never(Exception): pass\nbuiltins.AssertionError = Never\ndef mean(x): return 3",
    "other built-ins": "import builtins\nbuiltins.eval = builtins.exec = builtins.compile = lambda *_: True\ndef mean(x): return 3",
    "other operators": "import operator, json\noperator.eq = lambda *_: True\njson.dumps = lambda *_: ''\ndef mean(x): return 3",
    "other harness": "import sys\nfor m in list(sys.modules.values()):\n    for n in ('encode', '_observe', '_DOES', 'OPERATORS'):\n        if hasattr(m, n): setattr(m, n, lambda *_: ['float', '0x1.8p+0'][:1])\ndef mean(x): return 3",
    "own report": "import os, json\nfor fd in range(3, 32):\n    try: os.write(fd, b'{\"nonce\": \"\", \"step\": 0}\\n{\"nonce\": \"\", \"step\": 1, \"values\": [[\"float\", \"0x1.8p+0\"]]}\\n{\"nonce\": \"\", \"step\": 2}\\n')\n    except OSError: pass\nos._exit(0)",
    "the stolen nonce": "import sys, os, json\nf = sys._getframe()\nwhile f:\n    r = f.f_locals.get('report')\n    if callable(r):\n        [r({'step': i, 'values': [['int', '1']]}) for i in range(3)]\n        os._exit(0)\n    f = f.f_back",
    "garbage": "import os\nfor fd in range(3, 32):\n    try: os.write(fd, b'[' * 9999 + b'\\n\\xff{}\\n')\n    except OSError: pass\ndef mean(x): return 3",
    "prints success": "print('1 passed'); print('ok')\ndef mean(x): return 3",
    "traces": "import sys\nsys.settrace(lambda *_: None)\ndef mean(x): return 3",
    "no function": "",
}  # fmt: skip
