// Package weixinsim simulates WeChat in tests. Each test has a WeChat of its own, and fails if it sends what WeChat would
// reject, or what is unsafe. It runs the program weixin: the one of WEIXIN_BIN, or else of PATH.
package weixinsim

import (
	"fmt"
	"testing"
)

// Sim is WeChat for one test, with a clock, apps, users, faults, a log and findings of its own.
type Sim struct {
	// URL is used instead of https://open.weixin.qq.com and https://api.weixin.qq.com.
	URL   string
	world string
	t     testing.TB
}

// Option is a setting of Start.
type Option func(*settings)

type settings struct {
	shared   bool
	accepted []string
}

// Accept accepts rules of findings: they do not fail the test.
func Accept(rules ...string) Option {
	return func(s *settings) { s.accepted = append(s.accepted, rules...) }
}

// Shared uses one world for all tests of the process, which Start resets: for programs that read the URL once. Such tests
// cannot run in parallel.
func Shared() Option {
	return func(s *settings) { s.shared = true }
}

// Start simulates WeChat until the end of the test, and fails the test then if a finding does.
func Start(t testing.TB, options ...Option) *Sim {
	t.Helper()
	var chosen settings
	for _, option := range options {
		option(&chosen)
	}
	program, err := running()
	if err != nil {
		t.Fatal(err)
	}
	sim := program.world(t, chosen.shared)
	sim.Control("PUT", "/test", Members{"name": fmt.Sprintf("%.200s", t.Name())}, nil)
	if chosen.accepted != nil {
		sim.Control("PUT", "/findings/accepted", Members{"rules": chosen.accepted}, nil)
	}
	t.Cleanup(func() {
		t.Helper()
		if err := program.check(); err != nil {
			t.Fatal(err)
		}
		sim.report()
		if !chosen.shared {
			sim.Control("DELETE", "/worlds/"+sim.world, nil, nil)
		}
	})
	return sim
}

func (p *program) world(t testing.TB, shared bool) *Sim {
	t.Helper()
	if shared && p.shared != nil {
		sim := &Sim{p.shared.URL, p.shared.world, t}
		sim.Control("POST", "/reset", nil, nil)
		return sim
	}
	var opened struct{ ID, URL string }
	(&Sim{p.url, "", t}).Control("POST", "/worlds", Members{"idle_seconds": 86400}, &opened)
	sim := &Sim{opened.URL, opened.ID, t}
	if shared {
		p.shared = sim
	}
	return sim
}

// report fails the test for each finding that fails, and says what fixes it.
func (s *Sim) report() {
	s.t.Helper()
	for _, finding := range s.Findings() {
		if finding.Fails {
			s.t.Errorf("%s (%s): %s\n    sent: %s\n    to accept the rule: weixinsim.Start(t, weixinsim.Accept(%q))",
				finding.ID, finding.Class, finding.Remedy.English, finding.Sent, finding.ID)
		}
	}
}

// Members are the members of a JSON object.
type Members map[string]any

// App is an app that WeChat knows.
type App struct {
	ID              string   `json:"id"`
	Secret          string   `json:"secret"`
	Kind            string   `json:"kind"`
	CallbackDomains []string `json:"callback_domains"`
}

// Finding is a request that WeChat would reject, that is unsafe, or that only local development needs.
type Finding struct {
	ID, Class, Sent, Test string
	Fails                 bool
	Times                 int
	Remedy                struct {
		English string `json:"en"`
		Chinese string `json:"zh"`
	}
}

// Request is a request to WeChat, with masked secrets.
type Request struct {
	Method, Host, Path string
	Parameters         [][2]string
	Status             int
	ErrCode            *int
}

// App returns the first app of a kind: website, official-account, mobile-app or mini-program.
func (s *Sim) App(kind string) App {
	s.t.Helper()
	var apps []App
	s.Control("GET", "/apps?secrets=true", nil, &apps)
	for _, app := range apps {
		if app.Kind == kind {
			return app
		}
	}
	s.t.Fatalf("the simulator has no %s app: register one with AddApp", kind)
	return App{}
}

// AddApp registers an app with kind, secret, callback_domains, ip_whitelist, bound and others. The default is a website.
func (s *Sim) AddApp(id string, members Members) (added App) {
	s.t.Helper()
	s.Control("PUT", "/apps/"+id, members, &added)
	return added
}
