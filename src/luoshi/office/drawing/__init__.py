"""A procedure as a drawing: `flow` (what is drawn), `layout` (where it stands), `bpmn` and `mermaid` (written down)."""
