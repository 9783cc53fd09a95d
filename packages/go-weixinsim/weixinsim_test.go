package weixinsim

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func loginURL(base, app, scope string) string {
	path := "qrconnect"
	if scope != "snsapi_login" {
		path = "oauth2/authorize"
	}
	query := "appid=" + app + "&redirect_uri=" + url.QueryEscape("http://localhost:5000/callback") +
		"&response_type=code&scope=" + scope + "&state=0123456789abcdef0123"
	return base + "/connect/" + path + "?" + query + "#wechat_redirect"
}

// another returns a login URL with another state.
func another(loginURL string) string { return strings.Replace(loginURL, "state=", "state=9", 1) }

type answer struct {
	AccessToken string `json:"access_token"`
	OpenID      string `json:"openid"`
	SessionKey  string `json:"session_key"`
	Nickname    string
	ErrCode     int
}

func get(t *testing.T, sim *Sim, path string, query url.Values) (found answer) {
	t.Helper()
	client := http.Client{Transport: sim.Transport()}
	response, err := client.Get("https://api.weixin.qq.com" + path + "?" + query.Encode())
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&found); err != nil {
		t.Fatal(err)
	}
	return found
}

func exchange(t *testing.T, sim *Sim, app App, callback string) answer {
	t.Helper()
	parsed, err := url.Parse(callback)
	if err != nil {
		t.Fatal(err)
	}
	return get(t, sim, "/sns/oauth2/access_token", url.Values{
		"appid": {app.ID}, "secret": {app.Secret}, "code": {parsed.Query().Get("code")}, "grant_type": {"authorization_code"},
	})
}

func profile(t *testing.T, sim *Sim, token answer) answer {
	t.Helper()
	return get(t, sim, "/sns/userinfo", url.Values{"access_token": {token.AccessToken}, "openid": {token.OpenID}})
}

func loggedIn(t *testing.T, sim *Sim) answer {
	t.Helper()
	app := sim.App("website")
	return exchange(t, sim, app, sim.Scan(loginURL(sim.URL, app.ID, "snsapi_login"), "anna"))
}

func TestAUserScansAndLogsIn(t *testing.T) {
	t.Parallel()
	sim := Start(t)
	if name := profile(t, sim, loggedIn(t, sim)).Nickname; name != "Anna Weber" {
		t.Fatal(name)
	}
}

func TestALoginAtTheHostsOfWeChatIsOpenedInTheWorld(t *testing.T) {
	t.Parallel()
	sim := Start(t)
	callback := sim.Scan(loginURL("https://open.weixin.qq.com", sim.App("website").ID, "snsapi_login"), "layla")
	if !strings.HasPrefix(callback, "http://localhost:5000/callback?code=") {
		t.Fatal(callback)
	}
	if host := sim.Requests("/connect/qrconnect")[0].Host; host != "open.weixin.qq.com" {
		t.Fatal(host)
	}
}

func TestALoginPageThatABrowserOpensIsAwaited(t *testing.T) {
	t.Parallel()
	sim := Start(t)
	page := loginURL(sim.URL, sim.App("website").ID, "snsapi_login")
	go http.Get(page)
	if callback := sim.Scan("", "layla"); !strings.Contains(callback, "code=") {
		t.Fatal(callback)
	}
}

func TestARefusedLoginCanBeScannedAgain(t *testing.T) {
	t.Parallel()
	sim := Start(t)
	sim.Refuse(loginURL(sim.URL, sim.App("website").ID, "snsapi_login"))
	var logins []struct{ Stage string }
	sim.Control("GET", "/logins", nil, &logins)
	if len(logins) != 1 || logins[0].Stage != "canceled" {
		t.Fatal(logins)
	}
}

func TestAnOfficialAccountAsksInsideWeChat(t *testing.T) {
	t.Parallel()
	sim := Start(t)
	app := sim.App("official-account")
	token := exchange(t, sim, app, sim.OpenInWeChat(loginURL(sim.URL, app.ID, "snsapi_userinfo"), "anna"))
	if name := profile(t, sim, token).Nickname; name != "Anna Weber" {
		t.Fatal(name)
	}
	if token := exchange(t, sim, app, sim.OpenInWeChat(another(loginURL(sim.URL, app.ID, "snsapi_base")), "anna")); token.OpenID == "" {
		t.Fatal(token)
	}
	if callback := sim.RefuseInWeChat(loginURL(sim.URL, app.ID, "snsapi_userinfo"), "layla"); !strings.Contains(callback, "authdeny") {
		t.Fatal(callback)
	}
}

func TestTokensExpireWhenTheClockAdvances(t *testing.T) {
	t.Parallel()
	sim := Start(t)
	token := loggedIn(t, sim)
	sim.Advance(2*time.Hour + time.Second)
	if code := profile(t, sim, token).ErrCode; code != 42001 {
		t.Fatal(code)
	}
}

func TestAFaultStrikesAsOftenAsItSays(t *testing.T) {
	t.Parallel()
	sim := Start(t)
	token := loggedIn(t, sim)
	sim.Fault(Members{"effect": Members{"errcode": -1}, "path": "/sns/userinfo", "times": 1})
	if code := profile(t, sim, token).ErrCode; code != -1 {
		t.Fatal(code)
	}
	if code := profile(t, sim, token).ErrCode; code != 0 {
		t.Fatal(code)
	}
}

func TestAMiniProgramExchangesItsCode(t *testing.T) {
	t.Parallel()
	sim := Start(t)
	app := sim.App("mini-program")
	query := url.Values{
		"appid": {app.ID}, "secret": {app.Secret}, "js_code": {sim.JSCode("layla")}, "grant_type": {"authorization_code"},
	}
	if get(t, sim, "/sns/jscode2session", query).SessionKey == "" {
		t.Fatal("no session key")
	}
}

func TestAnAppIsRegisteredWithItsCallbackDomain(t *testing.T) {
	t.Parallel()
	sim := Start(t)
	app := sim.AddApp("wx1111111111111111", Members{"callback_domains": []string{"www.example.com"}})
	if app.Kind != "website" || app.CallbackDomains[0] != "www.example.com" {
		t.Fatal(app)
	}
}

func TestParallelTestsHaveClocksOfTheirOwn(t *testing.T) {
	for hours := 0; hours < 4; hours++ {
		hours := hours
		t.Run(fmt.Sprint(hours), func(t *testing.T) {
			t.Parallel()
			sim := Start(t)
			sim.Advance(time.Duration(hours) * time.Hour)
			time.Sleep(50 * time.Millisecond)
			var clock struct{ Now int64 }
			sim.Control("GET", "/clock", nil, &clock)
			moved := time.Duration(clock.Now-time.Now().Unix()) * time.Second
			if difference := moved - time.Duration(hours)*time.Hour; difference.Abs() > time.Minute {
				t.Fatal(moved)
			}
		})
	}
}

func TestTheSharedWorldIsResetBeforeEachTest(t *testing.T) {
	first := Start(t, Shared())
	first.AddApp("wx1111111111111111", nil)
	t.Run("next", func(t *testing.T) {
		next := Start(t, Shared())
		if next.URL != first.URL {
			t.Fatal(next.URL)
		}
		var apps []App
		next.Control("GET", "/apps", nil, &apps)
		if len(apps) != 4 {
			t.Fatal(apps)
		}
	})
}

func TestAWorldEndsWithItsTest(t *testing.T) {
	sim := Start(t)
	var ended string
	t.Run("other", func(t *testing.T) { ended = Start(t).world })
	var worlds []struct{ ID string }
	sim.Control("GET", "/worlds", nil, &worlds)
	for _, world := range worlds {
		if world.ID == ended {
			t.Fatal(worlds)
		}
	}
}

// A test that runs in a process of its own: its outcome is what go test prints.
func TestInner(t *testing.T) {
	short := func(sim *Sim) {
		response, err := http.Get(strings.Replace(loginURL(sim.URL, "wx0123456789abcdef", "snsapi_login"), "0123456789abcdef0123", "s1", 1))
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, response.Body)
		response.Body.Close()
	}
	switch os.Getenv("WEIXINSIM_INNER") {
	case "finding":
		short(Start(t))
	case "accepted":
		short(Start(t, Accept("state-short")))
	case "unknown rule":
		Start(t, Accept("state-shrot"))
	case "site":
		Start(t).Scan("http://localhost:5000/login", "anna")
	case "user":
		sim := Start(t)
		sim.Scan(loginURL(sim.URL, "wx0123456789abcdef", "snsapi_login"), "nobody")
	case "dies":
		sim := Start(t)
		current.program.command.Process.Kill()
		<-current.program.ended
		sim.Advance(time.Hour)
	case "killed":
		Start(t)
		os.WriteFile(os.Getenv("PID_FILE"), []byte(strconv.Itoa(current.program.command.Process.Pid)), 0o600)
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
	case "start":
		Start(t)
	case "":
		t.Skip("for TestFailures")
	}
}

func inner(t *testing.T, what string, environment ...string) (string, error) {
	t.Helper()
	command := exec.Command(os.Args[0], "-test.run=^TestInner$", "-test.v")
	command.Env = append(append(os.Environ(), "WEIXINSIM_INNER="+what), environment...)
	output, err := command.CombinedOutput()
	return string(output), err
}

func TestFailures(t *testing.T) {
	other := filepath.Join(t.TempDir(), "weixin")
	if err := os.WriteFile(other, []byte("#!/bin/sh\necho hello\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, one := range []struct{ what, environment, printed string }{
		{"finding", "A=b", "state-short (unsafe): use at least 16 random characters: a short state can be guessed\n            sent: state=s1"},
		{"unknown rule", "A=b", "the WeChat simulator rejects PUT /findings/accepted: 400"},
		{"site", "A=b", "give the URL to which your site redirects"},
		{"user", "A=b", "unknown user: expected one of xiaoming"},
		{"dies", "A=b", "the WeChat simulator has ended: signal: killed"},
		{"start", "WEIXIN_BIN=/nowhere/weixin", "there is no program /nowhere/weixin: `pip install weixin-cli` installs it"},
		{"start", "WEIXIN_BIN=" + other, "the WeChat simulator does not start"},
		{"start", "WEIXIN_SIM_CONFIG=missing.toml", "missing.toml: No such file"},
	} {
		output, err := inner(t, one.what, one.environment)
		if err == nil || !strings.Contains(output, one.printed) || !strings.Contains(output, "--- FAIL: TestInner") {
			t.Errorf("%s: %s", one.what, output)
		}
	}
	if output, err := inner(t, "accepted"); err != nil {
		t.Error(output)
	}
}

func TestTheSimulatorEndsWhenTheTestProcessIsKilled(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pid")
	if output, err := inner(t, "killed", "PID_FILE="+file); err == nil {
		t.Fatal(output)
	}
	pid, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		state, err := os.ReadFile("/proc/" + string(pid) + "/stat")
		if err != nil || strings.Contains(string(state), ") Z ") {
			return
		}
	}
	t.Fatal("it still runs")
}
