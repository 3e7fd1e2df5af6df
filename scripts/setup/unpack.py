"""Unpacks some of a wheel's files: unpack.py WHEEL FOLDER PREFIX… ; prints the share done, in percent, as it goes."""
import os
import sys
import zipfile

wheel, folder, *prefixes = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    members = [m for m in archive.infolist() if m.filename.startswith(tuple(prefixes)) and not m.is_dir()]
    if not members:
        sys.exit(f"{wheel} holds none of {', '.join(prefixes)}")
    total, done, shown = sum(m.file_size for m in members), 0, -1
    for member in members:
        path = os.path.normpath(os.path.join(folder, member.filename))
        if not path.startswith(os.path.abspath(folder) + os.sep):
            sys.exit(f"{member.filename} would be unpacked outside {folder}")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with archive.open(member) as source, open(path, "wb") as target:
            while chunk := source.read(1 << 22):
                target.write(chunk)
                done += len(chunk)
                if done * 100 // total != shown:
                    shown = done * 100 // total
                    print(shown, flush=True)
        mode = (member.external_attr >> 16) & 0o777
        if mode:
            os.chmod(path, mode | 0o600)
