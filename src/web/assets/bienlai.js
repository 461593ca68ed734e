/* A little comfort on top of pages that work without it: copying, live state, change, no double clicks. */
(function () {
  'use strict';
  var page = document.documentElement;
  page.classList.add('js');

  function say(text) {
    var said = document.getElementById('said');
    if (said) { said.textContent = text; }
  }

  document.addEventListener('click', function (event) {
    var button = event.target.closest('[data-copy]');
    if (button && navigator.clipboard) {
      navigator.clipboard.writeText(button.getAttribute('data-copy')).then(function () {
        var before = button.textContent;
        button.textContent = button.getAttribute('data-done');
        say(button.textContent);
        setTimeout(function () { button.textContent = before; }, 2000);
      });
    }
    if (event.target.closest('[data-print]')) { window.print(); }
  });

  /* A form is sent once. Coming back to the page makes it usable again; the server knows repeats. */
  document.addEventListener('submit', function (event) {
    var form = event.target;
    if (form.hasAttribute('data-sent')) { event.preventDefault(); return; }
    if (form.method === 'post') {
      form.setAttribute('data-sent', '');
      form.setAttribute('aria-busy', 'true');
    }
  });
  window.addEventListener('pageshow', function () {
    document.querySelectorAll('form[data-sent]').forEach(function (form) {
      form.removeAttribute('data-sent');
      form.removeAttribute('aria-busy');
    });
    look();
  });

  function grouped(n) { return String(n).replace(/\B(?=(\d{3})+$)/g, '.') + ' đ'; }
  function whole(text) { return Number(String(text).replace(/\D/g, '')); }

  /* Change due, while the cashier types what was handed over. */
  document.addEventListener('input', function (event) {
    var field = event.target;
    if (field.hasAttribute('data-due')) {
      var change = whole(field.value) - Number(field.getAttribute('data-due'));
      var out = document.getElementById('change');
      if (out) { out.textContent = change >= 0 ? grouped(change) : '–'; }
    }
    if (field.hasAttribute('data-note')) {
      var total = 0;
      field.form.querySelectorAll('[data-note]').forEach(function (one) {
        total += whole(one.value) * Number(one.getAttribute('data-note'));
      });
      var sum = document.getElementById('counted');
      if (sum) { sum.textContent = grouped(total); }
    }
  });

  /* A waiting page asks for its newest state: told by the server, or asked for every three seconds. */
  var stream = null, timer = null;
  function waiting() { return document.querySelector('[data-live]'); }

  function refresh() {
    return fetch(location.href, { headers: { Accept: 'text/html' }, cache: 'no-store' }).then(function (answer) {
      return answer.ok ? answer.text() : Promise.reject();
    }).then(function (text) {
      var fresh = new DOMParser().parseFromString(text, 'text/html');
      var main = fresh.querySelector('main');
      if (!main) { return; }
      document.querySelector('main').replaceWith(document.adoptNode(main));
      var state = main.querySelector('[data-say]');
      if (state) { say(state.textContent); }
      if (!waiting()) { stop(); }
    });
  }
  function told(stamp) {
    var box = waiting();
    if (!box) { stop(); return; }
    if (box.getAttribute('data-stamp') !== stamp) { refresh().catch(function () {}); }
  }
  function stop() {
    if (stream) { stream.close(); stream = null; }
    if (timer) { clearInterval(timer); timer = null; }
  }
  function poll() {
    var box = waiting();
    if (!box || document.hidden) { return; }
    fetch(box.getAttribute('data-live') + '/status', { cache: 'no-store' }).then(function (answer) {
      return answer.ok ? answer.json() : Promise.reject();
    }).then(function (state) { told(state.stamp); }).catch(function () {});
  }
  function look() {
    var box = waiting();
    if (!box || stream || timer) { return; }
    if (!window.EventSource) { timer = setInterval(poll, 3000); return; }
    stream = new EventSource(box.getAttribute('data-live') + '/events');
    stream.onmessage = function (event) { told(event.data); };
    stream.onerror = function () {
      /* Refused, not interrupted: too many wait, so the page asks now and then, and says so. */
      if (stream && stream.readyState === 2 && !timer) {
        timer = setInterval(poll, 10000);
        var note = document.getElementById('asks');
        if (note) { note.hidden = false; }
      }
    };
  }
  document.addEventListener('visibilitychange', function () { if (!document.hidden) { poll(); } });
}());
