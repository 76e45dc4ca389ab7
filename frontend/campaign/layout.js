// Tidying up: dagre says where each event goes.

import { Graph, layout } from "@dagrejs/dagre";
import { HEIGHT, inOrder, SOURCES, WIDTH } from "./model.js";

/** {key: {x, y}} for the sources and each event; `sizeOf(key)` is as drawn. */
export function tidy(canvas, { pathsOf, sizeOf }) {
  const graph = new Graph();
  graph.setGraph({ rankdir: "TB", nodesep: 36, ranksep: 64, rankalign: "top", ranker: "tight-tree" });
  graph.setDefaultEdgeLabel(() => ({}));
  const ordered = inOrder(canvas, pathsOf);
  for (const key of [SOURCES, ...ordered.map((one) => one.key)]) {
    const { width, height } = sizeOf(key) ?? { width: WIDTH, height: HEIGHT };
    graph.setNode(key, { width, height });
  }
  for (const one of ordered) graph.setEdge(one.parent ?? SOURCES, one.key);
  // in a tree the order of the branches is ours already, and crosses nothing
  layout(graph, { disableOptimalOrderHeuristic: true });
  const places = {};
  for (const key of graph.nodes()) {
    const node = graph.node(key);
    places[key] = { x: node.x - node.width / 2, y: node.y - node.height / 2 };
  }
  return places;
}
