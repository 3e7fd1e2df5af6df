"""Executes notebooks through their kernel and writes them back clean. Reads a JSON plan on standard input, prints one JSON event per line.

plan: {root, notebooks: [{path, out}], write: bool, html: folder or null, plotly: {basic, full}, timeout: seconds or null}
events: {event: "cell", path, done, total} · {event: "failed", path, cell, message, stderr, out} · {event: "done", path, out, changed}
"""
import json
import os
import re
import sys

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

plan = json.load(sys.stdin)
root = os.path.realpath(plan["root"])


def emit(event, **values):
    print(json.dumps({"event": event, **values}), flush=True)


def clean_text(text):
    """Text without paths of this machine, and without the colours of a terminal."""
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
    for path, shown in ((plan["root"], "."), (root, "."), (os.path.expanduser("~"), "~")):
        if len(path) > 1:
            text = text.replace(path + "/", shown + "/").replace(path, shown)
    return text


def clean_data(value):
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, list):
        return [clean_data(v) for v in value]
    if isinstance(value, dict):
        return {k: clean_data(v) for k, v in value.items()}
    return value


def merged(outputs):
    """Outputs with neighbouring pieces of one stream joined, so that how the text arrived leaves no trace."""
    result = []
    for output in outputs:
        last = result[-1] if result else None
        if last and output["output_type"] == "stream" == last["output_type"] and output["name"] == last["name"]:
            last["text"] += output["text"]
        else:
            result.append(output)
    return result


def clean(notebook):
    """Takes out what differs between two runs of the same notebook: counts, ids, times, paths."""
    for i, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{i:02d}"
        cell["metadata"] = {k: v for k, v in cell["metadata"].items() if k not in ("execution", "collapsed", "scrolled", "trusted")}
        if cell["cell_type"] != "code":
            continue
        cell["execution_count"] = None
        cell["outputs"] = merged(cell["outputs"])
        for output in cell["outputs"]:
            output.pop("transient", None)
            if "execution_count" in output:
                output["execution_count"] = None
            if "text" in output:
                output["text"] = clean_text(output["text"])
            if "data" in output:
                output["data"] = clean_data(output["data"])
            if "traceback" in output:
                output["traceback"] = [clean_text(line) for line in output["traceback"]]
    notebook["metadata"] = {
        "kernelspec": {"display_name": "TypeScript", "language": "typescript", "name": "tslab"},
        "language_info": {"file_extension": ".ts", "mimetype": "text/typescript", "name": "typescript"},
    }
    notebook["nbformat"], notebook["nbformat_minor"] = 4, 5
    return notebook


def text_of(notebook):
    return nbformat.writes(notebook) + "\n"


def write(path, text):
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    temporary = f"{path}.{os.getpid()}.tmp"
    with open(temporary, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(temporary, path)


def execute(path):
    """Runs a notebook; returns it and, where a cell failed, that cell's index and why."""
    notebook = nbformat.read(path, as_version=4)
    codes = [i for i, cell in enumerate(notebook.cells) if cell["cell_type"] == "code" and cell["source"].strip()]

    at = codes[0] if codes else 0

    def started(cell, cell_index, **_):
        nonlocal at
        at = cell_index
        emit("cell", path=path, done=sum(1 for i in codes if i < cell_index), total=len(codes))

    client = NotebookClient(
        notebook,
        kernel_name="tslab",
        timeout=plan.get("timeout"),
        startup_timeout=120,
        iopub_timeout=600,  # after a cell's end: its output may still be on the way
        resources={"metadata": {"path": os.path.dirname(os.path.abspath(path))}},
        coalesce_streams=True,
        record_timing=False,
        on_cell_execute=started,
    )
    failure = None
    try:
        client.execute()
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        kind = {CellTimeoutError: "took too long", DeadKernelError: "ended the kernel"}.get(type(error), "failed")
        outputs = notebook.cells[at].get("outputs", []) if notebook.cells else []
        stderr = "".join(o["text"] for o in outputs if o["output_type"] == "stream" and o["name"] == "stderr")
        failure = (at, kind, clean_text(stderr or str(error)))
    return clean(notebook), failure


def stray_errors(notebook):
    """Cells that ended well but printed a rejection nobody waited for."""
    for i, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            if output["output_type"] == "stream" and output["name"] == "stderr" and re.search(r"^(UnhandledPromiseRejection|UncaughtException)", output["text"], re.M):
                return i, "rejected a promise that no one waited for", output["text"]
    return None


def plotly_script(notebook):
    """Plotly's source for a page's head: its small bundle where that knows all of the figures' traces; nothing where there is no figure."""
    outputs = [o for cell in notebook.cells for o in cell.get("outputs", []) if "application/vnd.plotly.v1+json" in o.get("data", {})]
    if not outputs:
        return ""
    traces = [t for o in outputs for t in o["data"]["application/vnd.plotly.v1+json"]["data"]]
    small = plan["plotly"]["basic"] and all(t.get("type", "scatter") in ("scatter", "bar", "pie") for t in traces)
    with open(plan["plotly"]["basic" if small else "full"], encoding="utf-8") as file:
        source = file.read().replace("</script", "<\\/script")
    return f"<script>(function(){{var define,module,exports;{source}\n}}).call(window)</script>"


def export_html(notebook, path, folder):
    """A page that works offline: plotly.js stands once in the head, before everything else, and so the figures are live."""
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(exclude_input_prompt=True, exclude_output_prompt=True, require_js_url="", mathjax_url="")
    name = os.path.splitext(os.path.basename(path))[0]
    body, _ = exporter.from_notebook_node(notebook, resources={"metadata": {"name": name}})
    script = plotly_script(notebook)
    head = re.search(r"<head[^>]*>", body)
    page = body[: head.end()] + '<meta charset="utf-8">' + script + body[head.end() :]
    target = os.path.join(folder, name + ".html")
    write(target, page)
    return target


failed = False
for item in plan["notebooks"]:
    path, out = item["path"], item["out"]
    try:
        notebook, failure = execute(path)
    except nbformat.reader.NotJSONError as error:
        emit("failed", path=path, cell=0, message="is not a notebook", stderr=str(error)[:300], out=None)
        failed = True
        continue
    failure = failure or stray_errors(notebook)
    text = text_of(notebook)
    if failure:
        failed = True
        kept = out if plan["write"] and os.path.abspath(out) != os.path.abspath(path) else None
        if kept:
            write(kept, text)
        emit("failed", path=path, cell=failure[0], message=failure[1], stderr=failure[2], out=kept)
        continue
    with open(path, encoding="utf-8") as file:
        changed = file.read() != text
    if plan["write"] and (changed or os.path.abspath(out) != os.path.abspath(path)):
        write(out, text)
    page = export_html(notebook, path, plan["html"]) if plan.get("html") else None
    emit("done", path=path, out=out if plan["write"] else None, html=page, changed=changed)
sys.exit(1 if failed else 0)
