package workflows_test

import (
	"fmt"
	"testing"

	"slipway"
	"slipway/workflows"
)

func TestStopsAreToldToEveryLaneTwice(t *testing.T) {
	t.Parallel()
	inTown(t, workflows.LineType, workflows.LineInput{}, func(w *town) {
		fire := slipway.Stop{Project: "search", By: "ops", Reason: "fire"}
		for range 2 { // an answer may have been lost
			if err := w.update(workflows.StopLine, fire); err != nil {
				t.Error(err)
			}
		}
		w.told("lane/search.api: stopped 1", "lane/search.api: stopped 1")
		w.refused(w.update(workflows.StopLine, slipway.Stop{Project: "search", By: "eve", Reason: "fire"}), slipway.CodeConflict, "the line of search was stopped by ops: fire, already")

		if err := w.update(workflows.StopLine, slipway.Stop{By: "lea", Reason: "all of it"}); err != nil {
			t.Error(err)
		}
		w.told("lane/search.api: stopped 2", "lane/search.api: stopped 2")
		resume := workflows.ResumeInput{Project: "search", Request: workflows.Request{By: "ops", Reason: "it is out"}}
		if err := w.update(workflows.Resume, resume); err != nil {
			t.Error(err)
		}
		w.told("lane/search.api: stopped 3", "lane/search.api: stopped 3")
		if got := stops(t, w); len(got.Stops) != 1 || got.Holds("search").By != "lea" || got.Stops[0].At.IsZero() {
			t.Errorf("stopped is %+v", got)
		}
		w.refused(w.update(workflows.Resume, resume), slipway.CodeConflict, "the line of search is not stopped")
		resume.Project = ""
		if err := w.update(workflows.Resume, resume); err != nil {
			t.Error(err)
		}
		w.refused(w.update(workflows.Resume, resume), slipway.CodeConflict, "the line of all projects is not stopped")
		w.told("lane/search.api: stopped 4", "lane/search.api: stopped 4")
		for _, nobody := range []slipway.Stop{{By: "ops"}, {Reason: "x"}} {
			w.refused(w.update(workflows.StopLine, nobody), slipway.CodeInvalid, "says who it is, and why")
		}
		resume.Reason = ""
		w.refused(w.update(workflows.Resume, resume), slipway.CodeInvalid, "says who it is, and why")
	})
}

func stops(t *testing.T, w *town) slipway.Line {
	t.Helper()
	var out slipway.Line
	value, err := w.QueryWorkflow(workflows.Status)
	if err == nil {
		err = value.Get(&out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// revision is that of what lanes are told.
func revision(told any) string {
	switch told := told.(type) {
	case slipway.Cordons:
		return fmt.Sprint(told.Revision)
	case slipway.Line:
		return fmt.Sprint(told.Revision)
	}
	return fmt.Sprintf("%T", told)
}
