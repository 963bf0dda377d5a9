package workflows

import (
	"slices"

	"go.temporal.io/sdk/workflow"
)

// undoStack holds what takes back the steps of a release. An undo is pushed
// before its step runs, because a step that failed, or whose answer was lost,
// may still have taken effect; so an undo also has to cope with a step that
// did nothing.
type undoStack struct {
	undos []undo
}

type undo struct {
	name    string
	run     func(workflow.Context) error
	barrier bool // if it fails, what was pushed before it must not be undone
}

func (s *undoStack) push(name string, run func(workflow.Context) error) {
	s.undos = append(s.undos, undo{name: name, run: run})
}

// pushBarrier pushes an undo that those before it depend on: a container may
// only go when the traffic is off it.
func (s *undoStack) pushBarrier(name string, run func(workflow.Context) error) {
	s.undos = append(s.undos, undo{name: name, run: run, barrier: true})
}

func (s *undoStack) any() bool { return len(s.undos) > 0 }

// run undoes everything, the last step first. It returns the error of a barrier
// that failed; the undos behind it are left, and are still on the stack.
func (s *undoStack) run(ctx workflow.Context) error {
	for i, u := range slices.Backward(s.undos) {
		err := u.run(ctx)
		if err != nil && u.barrier {
			s.undos = s.undos[:i]
			return err
		}
	}
	s.undos = nil
	return nil
}
