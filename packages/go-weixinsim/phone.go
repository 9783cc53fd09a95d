package weixinsim

import (
	"bytes"
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

const weChat = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148 MicroMessenger/8.0.50 NetType/WIFI"

var (
	qrCode   = regexp.MustCompile(`/connect/qrcode/([^"]+)`)
	question = regexp.MustCompile(`action="(/_sim/phone/[^"?]+)"`)
	heading  = regexp.MustCompile(`(?s)<h1[^>]*>(.*?)</h1>`)
)

// Scan scans the QR code of a login page and allows the login, as the user with this ID or nickname; it returns the
// callback's URL. loginURL is the URL to which the site redirects the browser; if it is empty, a browser opens the page,
// and its QR code is awaited.
func (s *Sim) Scan(loginURL, user string) string {
	s.t.Helper()
	var allowed struct {
		URL string `json:"redirect_url"`
	}
	s.Control("POST", "/logins/"+s.qrCode(loginURL)+"/allow", Members{"user": user}, &allowed)
	return allowed.URL
}

// Refuse scans the QR code and cancels. The browser stays on the login page, where the code can be scanned again.
func (s *Sim) Refuse(loginURL string) {
	s.t.Helper()
	s.Control("POST", "/logins/"+s.qrCode(loginURL)+"/cancel", nil, nil)
}

// OpenInWeChat opens an official account's login inside WeChat and allows it; it returns the callback's URL.
func (s *Sim) OpenInWeChat(loginURL, user string) string {
	s.t.Helper()
	return s.inWeChat(loginURL, user, "allow")
}

// RefuseInWeChat opens an official account's login inside WeChat and cancels it; it returns the callback's URL.
func (s *Sim) RefuseInWeChat(loginURL, user string) string {
	s.t.Helper()
	return s.inWeChat(loginURL, user, "cancel")
}

// JSCode opens a mini program; it returns the code of its wx.login.
func (s *Sim) JSCode(user string) string {
	s.t.Helper()
	var opened struct{ Code string }
	s.Control("POST", "/apps/"+s.App("mini-program").ID+"/wx-login", Members{"user": user}, &opened)
	return opened.Code
}

// Advance moves the clock forward, by whole seconds.
func (s *Sim) Advance(by time.Duration) {
	s.t.Helper()
	s.Control("POST", "/clock", Members{"advance_seconds": int(by.Seconds())}, nil)
}

// Fault adds a fault, such as {"effect": Members{"errcode": -1}, "path": "/sns/userinfo", "times": 2}; it returns its ID.
func (s *Sim) Fault(members Members) string {
	s.t.Helper()
	var added struct{ ID string }
	s.Control("POST", "/faults", members, &added)
	return added.ID
}

// Requests returns the requests so far, with masked secrets: all, or those to one path.
func (s *Sim) Requests(path string) (found []Request) {
	s.t.Helper()
	var all []Request
	s.Control("GET", "/requests", nil, &all)
	for _, request := range all {
		if path == "" || request.Path == path {
			found = append(found, request)
		}
	}
	return found
}

// Findings returns the findings so far. Those that fail also fail the test.
func (s *Sim) Findings() (found []Finding) {
	s.t.Helper()
	s.Control("GET", "/findings", nil, &found)
	return found
}

// Control calls the control API below /_sim/api, and decodes the response into a pointer, or nil.
func (s *Sim) Control(method, path string, members Members, into any) {
	s.t.Helper()
	if members == nil {
		members = Members{}
	}
	body, err := json.Marshal(members)
	if err != nil {
		s.t.Fatal(err)
	}
	request, err := http.NewRequest(method, s.URL+"/_sim/api"+path, bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	status, _, text := s.send(request)
	if status >= 400 {
		s.t.Fatalf("the WeChat simulator rejects %s %s: %d %s", method, path, status, text)
	}
	if into != nil {
		if err := json.Unmarshal([]byte(text), into); err != nil {
			s.t.Fatal(err)
		}
	}
}

// Transport sends requests for WeChat's hosts to this world, and others where they belong: for clients with hard-coded
// hosts, http.Client{Transport: sim.Transport()}.
func (s *Sim) Transport() http.RoundTripper { return transport{s.URL} }

type transport struct{ world string }

// The simulator is reached directly, whatever the environment says.
var direct = &http.Transport{}

func (t transport) RoundTrip(request *http.Request) (*http.Response, error) {
	world, err := url.Parse(t.world)
	if err != nil {
		return nil, err
	}
	if strings.HasSuffix(request.URL.Host, ".qq.com") {
		request = request.Clone(request.Context())
		request.Host = request.URL.Host
		request.Header.Set("X-Forwarded-Proto", request.URL.Scheme)
		request.URL.Scheme, request.URL.Host = world.Scheme, world.Host
	} else if request.URL.Host != world.Host {
		return http.DefaultTransport.RoundTrip(request)
	}
	return direct.RoundTrip(request)
}

func (s *Sim) inWeChat(loginURL, user, action string) string {
	s.t.Helper()
	request := s.loginPage(loginURL)
	request.Header.Set("User-Agent", weChat)
	request.AddCookie(&http.Cookie{Name: "weixin-sim-user", Value: user})
	form := url.Values{"action": {action}, "user": {user}}
	_, headers, page := s.send(request)
	if asked := question.FindStringSubmatch(page); asked != nil {
		answer, _ := http.NewRequest("POST", s.URL+asked[1], strings.NewReader(form.Encode()))
		answer.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		_, headers, page = s.send(answer)
	}
	if headers.Get("Location") == "" {
		s.rejected(page)
	}
	return headers.Get("Location")
}

func (s *Sim) qrCode(loginURL string) string {
	s.t.Helper()
	if loginURL == "" {
		var opened struct{ Login struct{ UUID string } }
		s.Control("POST", "/wait-for", Members{"login": Members{"step": "opened"}}, &opened)
		return opened.Login.UUID
	}
	_, headers, page := s.send(s.loginPage(loginURL))
	if callback := headers.Get("Location"); callback != "" {
		s.t.Fatalf("no phone is needed: the login page has redirected to %s", callback)
	}
	found := qrCode.FindStringSubmatch(page)
	if found == nil {
		s.rejected(page)
	}
	return found[1]
}

func (s *Sim) loginPage(loginURL string) *http.Request {
	s.t.Helper()
	request, err := http.NewRequest("GET", loginURL, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	if !strings.HasSuffix(request.URL.Host, ".qq.com") && !strings.HasPrefix(loginURL, s.URL+"/") {
		s.t.Fatalf("%s is no login page of WeChat: give the URL to which your site redirects", loginURL)
	}
	return request
}

func (s *Sim) rejected(page string) {
	s.t.Helper()
	if found := heading.FindStringSubmatch(page); found != nil {
		page = html.UnescapeString(found[1])
	}
	s.t.Fatalf("WeChat's page rejects this login: %s", strings.TrimSpace(page))
}

// send sends a request and follows no redirect.
func (s *Sim) send(request *http.Request) (int, http.Header, string) {
	s.t.Helper()
	response, err := s.Transport().RoundTrip(request)
	if err != nil {
		s.t.Fatalf("the WeChat simulator does not respond: %v", err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return response.StatusCode, response.Header, string(text)
}
