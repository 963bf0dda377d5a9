package starter

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/types/known/durationpb"

	"slipway"
	"slipway/workflows"
)

// searchAttributes are those by which releases are listed, all keywords.
var searchAttributes = []string{
	workflows.ProjectKey.GetName(), workflows.ServiceKey.GetName(), workflows.PhaseKey.GetName(),
	workflows.OutcomeKey.GetName(), workflows.DigestKey.GetName(), workflows.RequesterKey.GetName(),
}

// namespacePatience bounds how long a server may take to let a new namespace or
// search attribute be used: it learns of one by reading all of them again from
// time to time.
const namespacePatience = 30 * time.Second

// EnsureNamespace makes the namespace and its search attributes if they are
// missing, and returns when they can be used. It changes nothing about what is
// there, in particular not how long the histories of releases are kept; it may
// be repeated, and run by several processes at once.
//
// Where the server does not let clients add search attributes, as Temporal
// Cloud, the error names the missing ones.
func EnsureNamespace(ctx context.Context, c client.Client, namespace string, retention time.Duration) error {
	_, err := c.WorkflowService().RegisterNamespace(ctx, &workflowservice.RegisterNamespaceRequest{
		Namespace:                        namespace,
		Description:                      "Releases of Slipway",
		WorkflowExecutionRetentionPeriod: durationpb.New(retention),
	})
	if err != nil && !isThere(err) {
		if _, there := c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: namespace}); there != nil {
			return fmt.Errorf("register namespace %s: %w", namespace, err)
		}
	}
	if err := ensureSearchAttributes(ctx, c, namespace); err != nil {
		return err
	}
	return awaitNamespace(ctx, c, namespace)
}

func isThere(err error) bool {
	_, there := errors.AsType[*serviceerror.NamespaceAlreadyExists](err)
	return there
}

func ensureSearchAttributes(ctx context.Context, c client.Client, namespace string) error {
	var found *operatorservice.ListSearchAttributesResponse
	err := poll(ctx, func(ctx context.Context) (err error) {
		found, err = c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
		return err
	})
	if err != nil {
		return fmt.Errorf("list search attributes of namespace %s: %w", namespace, err)
	}
	missing := make(map[string]enums.IndexedValueType)
	for _, name := range searchAttributes {
		switch kind, ok := found.GetCustomAttributes()[name]; {
		case !ok:
			missing[name] = enums.INDEXED_VALUE_TYPE_KEYWORD
		case kind != enums.INDEXED_VALUE_TYPE_KEYWORD:
			return slipway.Errorf(slipway.CodeConflict,
				"search attribute %s of namespace %s is of type %s; Slipway needs Keyword: rename it, or give Slipway a namespace of its own",
				name, namespace, kind)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	_, err = c.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{
		Namespace:        namespace,
		SearchAttributes: missing,
	})
	if err != nil {
		return slipway.Errorf(slipway.ErrorCode(err),
			"namespace %s lacks the search attributes %s (Keyword), and they cannot be added from here: %w",
			namespace, strings.Join(slices.Sorted(maps.Keys(missing)), ", "), err)
	}
	return nil
}

// awaitNamespace asks what a list of releases asks, until that is understood.
func awaitNamespace(ctx context.Context, c client.Client, namespace string) error {
	query := strings.Join(searchAttributes, " IS NULL AND ") + " IS NULL"
	err := poll(ctx, func(ctx context.Context) error {
		_, err := c.WorkflowService().CountWorkflowExecutions(ctx, &workflowservice.CountWorkflowExecutionsRequest{
			Namespace: namespace,
			Query:     query,
		})
		return err
	})
	if err != nil {
		return fmt.Errorf("wait for namespace %s: %w", namespace, err)
	}
	return nil
}

// poll repeats the call until it succeeds, for as long as the server says that
// it does not know something that was made a moment ago.
func poll(ctx context.Context, call func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, namespacePatience)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := call(ctx)
		if err == nil || !notYet(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-tick.C:
		}
	}
}

func notYet(err error) bool {
	_, noNamespace := errors.AsType[*serviceerror.NamespaceNotFound](err)
	_, noAttribute := errors.AsType[*serviceerror.InvalidArgument](err)
	_, busy := errors.AsType[*serviceerror.Unavailable](err)
	return noNamespace || noAttribute || busy
}
