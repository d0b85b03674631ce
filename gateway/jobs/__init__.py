"""Jobs: their values and transitions, their order, and what a store, a backend and a file store must do."""
