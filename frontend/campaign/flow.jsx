// The canvas itself: React Flow, fed from our canvas and telling us what was moved.

import { applyNodeChanges, Background, Controls, MiniMap, Panel, ReactFlow, useNodesInitialized, useReactFlow } from "@xyflow/react";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useBuilder } from "./context.js";
import { HEIGHT, inOrder, mayHang, SOURCES, WIDTH } from "./model.js";
import { EventNode, SourcesNode } from "./node.jsx";
import { detailOf, titleOf } from "./phrases.js";
import { Tools } from "./tools.jsx";
import { t } from "./words.js";

const NODE_TYPES = { event: EventNode, sources: SourcesNode };
export const DRAGGED = "application/x-heliograph-event";
const NONE = [];
const PALE = { action: "#0b6e80", decision: "#8a5300", condition: "#5b4bb4", sources: "#475467" };

const parentOf = (id) => (id === SOURCES ? null : id);

/** Nodes of the canvas; those that look as before stay the same objects. */
function nodesOf(before, builder, target) {
  const { canvas, types, selected, findingsOf, countsOf, pathsOf, choices } = builder;
  const old = new Map(before.map((node) => [node.id, node]));
  const node = (id, type, position, data) => {
    const known = old.get(id);
    const lit = target && target.parent === parentOf(id) ? target : null;
    const full = { ...data, target: lit, findings: findingsOf(id) };
    const same = known && Object.keys(full).every((name) => full[name] === known.data[name]);
    const chosen = selected.includes(id);
    const there = known?.dragging ? known.position : position;
    if (same && known.selected === chosen && known.position.x === there.x && known.position.y === there.y) return known;
    return { ...known, id, type, position: there, selected: chosen, data: same ? known.data : full };
  };
  const names = canvas.sources.map((id) => builder.labelOf({ choices_from: "segments" }, id));
  const knownNames = old.get(SOURCES)?.data.names;
  const sources = node(SOURCES, "sources", canvas.source_at, { names: knownNames?.join() === names.join() ? knownNames : names });
  const events = inOrder(canvas, (one) => pathsOf(one).map((path) => path.key)).map((event) => {
    const type = types.get(event.type);
    const parent = canvas.events.find((one) => one.key === event.parent);
    const paths = pathsOf(event);
    const knownPaths = old.get(event.key)?.data.paths;
    return node(event.key, "event", { x: event.x, y: event.y }, {
      event, type, choices, counts: countsOf(event.key), detail: detailOf(event, type, builder),
      paths: knownPaths && JSON.stringify(knownPaths) === JSON.stringify(paths) ? knownPaths : paths,
      after: parent ? t(event.path ? "after_event_path" : "after_event", { name: titleOf(parent, types.get(parent.type)), path: builder.pathLabel(parent, event.path) }) : "",
    });
  });
  return [sources, ...events];
}

function edgesOf(canvas) {
  const known = new Set(canvas.events.map((one) => one.key));
  return canvas.events
    .filter((one) => one.parent === null || known.has(one.parent))
    .map((one) => ({
      id: `${one.key}<`, source: one.parent ?? SOURCES, target: one.key, sourceHandle: `p:${one.parent === null ? "" : one.path}`,
      type: "smoothstep", focusable: false, selectable: false, className: `path-${one.path || "next"}`,
    }));
}

/** All of it when it is readable so; else its top, where one begins to read. */
function begin(flow, small) {
  const box = document.querySelector(".canvas-flow").getBoundingClientRect();
  const bounds = flow.getNodesBounds(flow.getNodes());
  const whole = Math.min(1, (box.width - 48) / bounds.width, (box.height - (small ? 260 : 200)) / bounds.height);
  const zoom = Math.max(whole, small ? 0.7 : 0.6);
  const sources = flow.getNode(SOURCES);
  const middle = bounds.width * zoom < box.width ? bounds.x + bounds.width / 2 : sources.position.x + WIDTH / 2;
  flow.setViewport({ x: box.width / 2 - middle * zoom, y: 72 - bounds.y * zoom, zoom });
}

/** On a phone the sheet covers the lower half. */
function middleOf(node, small) {
  const { width = WIDTH, height = HEIGHT } = node.measured ?? {};
  return [node.position.x + width / 2, node.position.y + height / 2 + (small ? 200 : 0)];
}

/** The anchor that a thing dropped at *at* hangs on. */
function nearest(nodes, at, pathsOf, canvas) {
  let best = null;
  for (const node of nodes) {
    const { width = WIDTH, height = HEIGHT } = node.measured ?? {};
    const event = canvas.events.find((one) => one.key === node.id);
    const paths = event ? pathsOf(event) : [{ key: "" }];
    paths.forEach((path, index) => {
      const x = node.position.x + (width * (index + 0.5)) / paths.length;
      const y = node.position.y + height;
      const inside = at.y > node.position.y && at.y < y && Math.abs(at.x - node.position.x - width / 2) < width / 2;
      const above = inside || y <= at.y + 24 ? 0 : 600;
      const distance = Math.hypot(at.x - x, inside ? 0 : at.y - y) + above;
      if (!best || distance < best.distance) best = { distance, parent: parentOf(node.id), path: path.key };
    });
  }
  return best;
}

export function Flow({ small }) {
  const builder = useBuilder();
  const { canvas, canWrite, selected, actions, pathsOf } = builder;
  const [nodes, setNodes] = useState(NONE);
  const [target, setTarget] = useState(null);
  const flow = useReactFlow();
  const ready = useNodesInitialized();
  const fitted = useRef(false);
  const [wanted, setWanted] = useState(null); // to be seen, once it is drawn

  const isSeen = (id) => {
    const node = flow.getNode(id);
    const box = document.querySelector(".canvas-flow").getBoundingClientRect();
    const at = flow.flowToScreenPosition(node.position);
    const zoom = flow.getZoom();
    const { width = WIDTH, height = HEIGHT } = node.measured ?? {};
    return at.x >= box.left && at.y >= box.top && at.x + width * zoom <= box.right && at.y + height * zoom + 30 <= box.bottom;
  };

  useEffect(() => setNodes((before) => nodesOf(before, builder, target)),
    [canvas, builder.types, selected, builder.findings, builder.counts, builder.choices, target]);
  useEffect(() => {
    if (!ready || fitted.current) return;
    fitted.current = true;
    begin(flow, small);
  }, [ready, flow, small]);
  useEffect(() => actions.register({
    show(id) {
      const node = flow.getNode(id);
      if (node) flow.setCenter(...middleOf(node, small), { zoom: Math.max(flow.getZoom(), 0.8), duration: 200 });
    },
    reveal: (id) => setWanted(id),
    fit: () => flow.fitView({ maxZoom: 1, padding: 0.15 }),
    sizeOf: (id) => flow.getNode(id)?.measured,
  }), [flow, actions, small]);

  useEffect(() => {
    if (!wanted || !flow.getNode(wanted)?.measured?.width) return;
    setWanted(null);
    if (small || !isSeen(wanted)) flow.setCenter(...middleOf(flow.getNode(wanted), small), { zoom: flow.getZoom(), duration: 200 });
  }, [wanted, nodes, flow, small]);

  useEffect(() => { // not under the sheet of a phone
    const node = small && selected.length === 1 && flow.getNode(selected[0]);
    if (node) flow.setCenter(...middleOf(node, small), { zoom: flow.getZoom(), duration: 200 });
  }, [small, selected, flow]);

  const onNodesChange = useCallback((changes) => {
    const chosen = changes.filter((one) => one.type === "select");
    if (chosen.length) actions.choose(chosen);
    const others = changes.filter((one) => one.type === "dimensions" || one.type === "position");
    if (others.length) setNodes((before) => applyNodeChanges(others, before));
  }, [actions]);

  const dropped = {
    onDragOver(event) {
      if (!event.dataTransfer.types.includes(DRAGGED)) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = "copy";
      const at = flow.screenToFlowPosition({ x: event.clientX, y: event.clientY });
      const found = nearest(flow.getNodes(), at, pathsOf, canvas);
      if (found?.parent !== target?.parent || found?.path !== target?.path) setTarget(found);
    },
    onDragLeave(event) {
      if (!event.currentTarget.contains(event.relatedTarget)) setTarget(null);
    },
    onDrop(event) {
      const key = event.dataTransfer.getData(DRAGGED);
      setTarget(null);
      if (!key) return;
      event.preventDefault();
      const at = flow.screenToFlowPosition({ x: event.clientX, y: event.clientY });
      const { parent, path } = nearest(flow.getNodes(), at, pathsOf, canvas);
      actions.add(key, parent, path, { x: at.x - WIDTH / 2, y: at.y - 24 });
    },
  };
  const pathOfHandle = (handle) => (handle ?? "p:").slice(2);
  const edges = useMemo(() => edgesOf(canvas), [canvas]);
  return (
    <div className="canvas-flow" onFocus={(event) => {
      const key = event.target.closest(".react-flow__node")?.dataset.id;
      if (key && event.target.matches(":focus-visible") && !isSeen(key)) flow.setCenter(...middleOf(flow.getNode(key), false), { zoom: flow.getZoom() });
    }} {...(canWrite ? dropped : {})}>
      <ReactFlow
        nodes={nodes} edges={edges} nodeTypes={NODE_TYPES} onNodesChange={onNodesChange}
        onNodeDragStop={(_event, _node, moved) => actions.placed(Object.fromEntries(moved.map((one) => [one.id, one.position])))}
        onNodeClick={(event, node) => actions.clicked(event, node.id)}
        onConnect={({ source, target: to, sourceHandle }) => actions.hang(to, parentOf(source), pathOfHandle(sourceHandle))}
        onConnectEnd={(event, { fromNode, fromHandle, toNode }) => {
          if (toNode || !fromNode || fromHandle?.type !== "source") return;
          const point = event.changedTouches?.[0] ?? event;
          const at = flow.screenToFlowPosition({ x: point.clientX, y: point.clientY });
          actions.pick(parentOf(fromNode.id), pathOfHandle(fromHandle.id), { x: at.x - WIDTH / 2, y: at.y });
        }}
        isValidConnection={({ source, target: to }) => to !== SOURCES && mayHang(canvas, to, parentOf(source))}
        nodesDraggable={canWrite && !small} nodesConnectable={canWrite} nodesFocusable={false} edgesFocusable={false}
        disableKeyboardA11y deleteKeyCode={null} connectOnClick={false} connectionDragThreshold={4} nodeDragThreshold={3}
        panOnScroll={!small} zoomOnDoubleClick={false} snapToGrid snapGrid={[8, 8]} minZoom={0.15} maxZoom={1.75}
        elevateNodesOnSelect={false} attributionPosition="bottom-left"
        ariaLabelConfig={{
          "controls.ariaLabel": t("zoom"), "controls.zoomIn.ariaLabel": t("zoom_in"), "controls.zoomOut.ariaLabel": t("zoom_out"),
          "controls.fitView.ariaLabel": t("fit"), "minimap.ariaLabel": t("minimap"),
        }}
      >
        <Background gap={24} size={1.5} />
        <Panel position="top-left"><Tools /></Panel>
        <Controls showInteractive={false} position="bottom-right" fitViewOptions={{ maxZoom: 1, padding: 0.15 }} />
        {!small && <MiniMap pannable zoomable position="bottom-left" nodeColor={(node) => PALE[node.data.event?.kind ?? "sources"]} nodeBorderRadius={12} />}
      </ReactFlow>
    </div>
  );
}
