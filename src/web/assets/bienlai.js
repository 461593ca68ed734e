/* A little comfort on top of pages that work without it: copying, live state, change, no double clicks. */
(function () {
  'use strict';
  var page = document.documentElement;
  page.classList.add('js');

  function say(text) {
    var said = document.getElementById('said');
    if (said) { said.textContent = text; }
  }

  /* Where the browser keeps its clipboard from a page, because that came without encryption or somebody forbids it,
     the text is selected and copied as by hand; where that fails too, it stays selected and the button says so. */
  function selected(text) {
    var field = document.createElement('input');
    field.className = 'by-hand';
    field.readOnly = true;
    field.value = text;
    return field;
  }
  function copyByHand(button, text) {
    var old = document.querySelector('.by-hand');
    if (old) { old.remove(); }
    var field = selected(text);
    field.setAttribute('aria-label', button.getAttribute('aria-label') || button.textContent);
    button.after(field);
    field.focus();
    field.select();
    var is_copied = false;
    try { is_copied = document.execCommand('copy'); } catch (refused) { is_copied = false; }
    if (is_copied) { field.remove(); button.focus(); }
    return is_copied;
  }
  function copied(button, is_copied) {
    var before = button.getAttribute('data-before') || button.textContent;
    button.setAttribute('data-before', before);
    button.textContent = button.getAttribute(is_copied ? 'data-done' : 'data-by-hand');
    say(button.textContent);
    clearTimeout(button.back);
    if (is_copied) { button.back = setTimeout(function () { button.textContent = before; }, 2000); }
  }
  document.addEventListener('click', function (event) {
    var button = event.target.closest('[data-copy]');
    if (button) {
      var text = button.getAttribute('data-copy');
      var copying = navigator.clipboard ? navigator.clipboard.writeText(text) : Promise.reject();
      copying.then(function () { return true; }, function () { return copyByHand(button, text); }).then(function (done) {
        copied(button, done);
      });
    }
    if (event.target.closest('[data-print]')) { window.print(); }
  });

  /* What is printed is drawn in a frame of this page: the desk stays where it is. Where the browser cannot
     print it from there, the file opens beside the desk. */
  function printFile(file) {
    var before = document.getElementById('printer');
    if (before) { before.remove(); }
    var frame = document.createElement('iframe');
    frame.id = 'printer';
    frame.title = 'PDF';
    frame.tabIndex = -1;
    frame.setAttribute('aria-hidden', 'true');
    frame.onload = function () {
      try { frame.contentWindow.focus(); frame.contentWindow.print(); } catch (refused) { window.open(file, '_blank'); }
      var next = document.querySelector('main [accesskey=n]');
      if (next) { next.focus(); }
    };
    frame.src = file;
    document.body.appendChild(frame);
  }
  function prints() { return navigator.pdfViewerEnabled !== false; }
  document.addEventListener('click', function (event) {
    var way = event.target.closest('a[data-print-file]');
    if (way && prints() && !event.ctrlKey && !event.metaKey) { event.preventDefault(); printFile(way.href); }
  });
  document.addEventListener('submit', function (event) {
    var form = event.target;
    if (form.hasAttribute('data-print-file') && prints()) {
      event.preventDefault();
      printFile(form.action + '?' + new URLSearchParams(new FormData(form)));
    }
  });

  /* What is wider than the screen is reached by keyboard too, so that arrows move it. */
  function reach() {
    document.querySelectorAll('.scroll').forEach(function (wide) {
      if (wide.scrollWidth > wide.clientWidth) { wide.tabIndex = 0; } else { wide.removeAttribute('tabindex'); }
    });
    /* What a telephone needs open is folded on a wide screen. */
    if (window.innerWidth > 700) {
      document.querySelectorAll('details[data-narrow]').forEach(function (one) {
        one.removeAttribute('data-narrow');
        one.open = false;
      });
    }
  }
  reach();
  window.addEventListener('resize', reach);

  /* A form is sent once. Coming back to the page makes it usable again; the server knows repeats. */
  document.addEventListener('submit', function (event) {
    var form = event.target;
    if (form.hasAttribute('data-sent')) { event.preventDefault(); return; }
    if (form.method === 'post') {
      form.setAttribute('data-sent', '');
      form.setAttribute('aria-busy', 'true');
      /* A network that swallowed it, or somebody who stopped it: a form with a key of its own may be sent again
         from where it stands, because the server knows it by that. */
      if (form.querySelector('input[name=key]')) {
        form.again = setTimeout(function () { sendable(form); }, 20000);
      }
    }
  });
  function sendable(form) {
    clearTimeout(form.again);
    form.removeAttribute('data-sent');
    form.removeAttribute('aria-busy');
  }
  window.addEventListener('pageshow', function () {
    document.querySelectorAll('form[data-sent]').forEach(sendable);
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

  /* The keypad types for whoever has a screen to touch and no keys: figures, notes that were handed over, which add
     up, or exactly what is owed. The field is told as if a keyboard had typed, so that change follows. */
  var DIGITS_LIMIT = 12;
  function pressed(typed, key, due) {
    if (key === 'exact') { return due; }
    if (key === 'clear') { return ''; }
    if (key === 'back') { return typed.slice(0, -1); }
    return key.charAt(0) === '+' ? String(Number(typed) + Number(key)) : typed + key;
  }
  document.addEventListener('click', function (event) {
    var button = event.target.closest('[data-press]');
    if (!button) { return; }
    var field = document.getElementById(button.closest('[data-keypad]').getAttribute('data-keypad'));
    var typed = field.value.replace(/\D/g, '');
    var fresh = pressed(typed, button.getAttribute('data-press'), field.getAttribute('data-due')).replace(/^0+/, '');
    if (fresh.length > DIGITS_LIMIT) { return; }
    field.value = fresh.replace(/\B(?=(\d{3})+$)/g, '.');
    field.dispatchEvent(new Event('input', { bubbles: true }));
    say(field.value);
  });
  /* Where the field has the focus it keeps it: Enter takes the money, whoever touched a key before. */
  document.addEventListener('mousedown', function (event) {
    if (event.target.closest('[data-press]')) { event.preventDefault(); }
  });

  /* Lists by keyboard: j and k move, Enter opens, x chooses or goes back. Typing is left alone. */
  function rows() { return Array.prototype.slice.call(document.querySelectorAll('[data-keys] [data-row]')); }
  document.addEventListener('keydown', function (event) {
    var at = event.target;
    var types = /^(TEXTAREA|SELECT)$/.test(at.tagName) || (at.tagName === 'INPUT' && !/^(checkbox|radio)$/.test(at.type));
    if (types || event.ctrlKey || event.metaKey || event.altKey) { return; }
    var all = rows();
    var here = all.findIndex(function (row) { return row.classList.contains('here'); });
    if (event.key === 'j' || event.key === 'k') {
      if (!all.length) { return; }
      var next = event.key === 'j' ? Math.min(here + 1, all.length - 1) : Math.max(here - 1, 0);
      if (here >= 0) { all[here].classList.remove('here'); }
      all[next].classList.add('here');
      all[next].scrollIntoView({ block: 'nearest' });
      var way = all[next].querySelector('a, input[type=radio]');
      if (way) { way.focus(); if (way.type === 'radio') { way.checked = true; } }
      event.preventDefault();
    }
    if (event.key === 'x') {
      var box = here >= 0 && all[here].querySelector('input[type=checkbox]');
      var back = document.querySelector('[data-key="x"]');
      if (box) { box.checked = !box.checked; event.preventDefault(); } else if (back) { back.click(); }
    }
  });

  /* A file dropped on its field. What comes in place of the page takes drops, too, and a file let fall beside
     the field does not carry the browser away. */
  ['dragover', 'dragleave', 'drop'].forEach(function (kind) {
    document.addEventListener(kind, function (event) {
      var held = event.dataTransfer;
      if (!held || Array.prototype.indexOf.call(held.types, 'Files') < 0 || !document.querySelector('.drop')) { return; }
      event.preventDefault();
      var at = event.target.nodeType === 1 ? event.target : event.target.parentElement;
      var zone = at && at.closest('.drop');
      if (!zone) { if (kind === 'dragover') { held.dropEffect = 'none'; } return; }
      zone.classList.toggle('over', kind === 'dragover');
      if (kind === 'drop' && held.files.length) { zone.querySelector('input[type=file]').files = held.files; }
    });
  });

  /* How far a file is on its way. The form itself stays a form. */
  function lost(form, is_lost) {
    form.querySelectorAll('.lost').forEach(function (one) {
      one.hidden = !is_lost;
      if (is_lost) { say(one.textContent); }
    });
  }
  document.addEventListener('submit', function (event) {
    var form = event.target;
    var field = form.querySelector('.drop input[type=file]');
    if (!field || !window.XMLHttpRequest || event.defaultPrevented || !field.files.length) { return; }
    event.preventDefault();
    var body = new FormData(form);
    var asked = event.submitter && event.submitter.name ? event.submitter : null;
    if (asked) { body.append(asked.name, asked.value); }
    var bar = form.querySelector('progress');
    var sending = new XMLHttpRequest();
    lost(form, false);
    sending.upload.onprogress = function (step) {
      bar.hidden = false;
      if (step.lengthComputable) { bar.max = step.total; bar.value = step.loaded; }
    };
    sending.onload = function () {
      /* The answer is another page, a large file that is taken in by itself: its address is gone to. */
      var action = new URL(form.getAttribute('action'), location.href);
      var answered = new URL(sending.responseURL || action.href, location.href);
      if (answered.pathname !== action.pathname) { location.assign(answered.href); return; }
      var main = new DOMParser().parseFromString(sending.responseText, 'text/html').querySelector('main');
      if (!main) { form.submit(); return; }
      document.querySelector('main').replaceWith(document.adoptNode(main));
      /* What was only looked at, or refused, is still chosen. */
      if (sending.status >= 400 || (asked && asked.value === 'preview')) {
        document.querySelectorAll('main form[action="' + form.getAttribute('action') + '"] input[type=file]').forEach(function (one) {
          one.files = field.files;
        });
      }
      reach();
      var told = document.querySelector('main h2');
      if (told) { say(told.textContent); }
    };
    sending.onerror = function () {
      sendable(form);
      bar.hidden = true;
      lost(form, true);
    };
    sending.open('POST', form.getAttribute('action'));
    sending.send(body);
  });

  /* What a walk-in costs, while the cashier types pages and copies: the form itself is asked. */
  var pricing = null;
  document.addEventListener('input', function (event) {
    var form = event.target.form;
    if (!form || !form.hasAttribute('data-priced')) { return; }
    clearTimeout(pricing);
    pricing = setTimeout(function () {
      var fields = new URLSearchParams(new FormData(form));
      fields.set('do', form.getAttribute('data-priced'));
      fetch(form.action, { method: 'POST', body: fields, cache: 'no-store' }).then(function (answer) {
        return answer.text();
      }).then(function (text) {
        var fresh = new DOMParser().parseFromString(text, 'text/html');
        form.querySelectorAll('[data-part]').forEach(function (here) {
          var part = fresh.getElementById(here.id);
          if (part) { here.replaceWith(document.adoptNode(part)); }
        });
      }).catch(function () {});
    }, 250);
  });

  /* A photograph of a telephone is made small before it is sent; where the browser cannot, it goes as it is. */
  document.addEventListener('change', function (event) {
    var field = event.target;
    var file = field.type === 'file' && /^image\//.test(field.accept) && field.files[0];
    if (!file || file.size < 1000000 || !window.createImageBitmap || !window.DataTransfer) { return; }
    createImageBitmap(file).then(function (picture) {
      var scale = Math.min(1, 1600 / Math.max(picture.width, picture.height));
      var canvas = document.createElement('canvas');
      canvas.width = Math.round(picture.width * scale);
      canvas.height = Math.round(picture.height * scale);
      canvas.getContext('2d').drawImage(picture, 0, 0, canvas.width, canvas.height);
      canvas.toBlob(function (small) {
        if (!small || small.size >= file.size || field.files[0] !== file) { return; }
        var held = new DataTransfer();
        held.items.add(new File([small], 'picture.jpg', { type: 'image/jpeg' }));
        field.files = held.files;
      }, 'image/jpeg', 0.8);
    }).catch(function () {});
  });

  /* A waiting page asks for its newest state: told by the server, or asked for every three seconds. */
  var stream = null, timer = null;
  function waiting() { return document.querySelector('[data-live]'); }

  function words(main) {
    return Array.prototype.map.call(main.querySelectorAll('[data-say]'), function (one) { return one.textContent; });
  }
  /* News come while somebody types: what was typed, and where, goes into the fresh page. */
  function keep(main) {
    var at = document.activeElement && document.activeElement.id;
    var fields = Array.prototype.filter.call(main.querySelectorAll('input[id], select[id], textarea[id]'), function (one) {
      var is_typed = one.tagName === 'SELECT' ? one.selectedIndex > 0 : one.value !== one.defaultValue;
      return one.type !== 'file' && one.type !== 'hidden' && (one.id === at || is_typed);
    });
    return function (fresh) {
      fields.forEach(function (one) {
        var again = document.getElementById(one.id);
        if (!again || !fresh.contains(again) || again.name !== one.name) { return; }
        again.value = one.value;
        for (var fold = again.closest('details'); fold; fold = fold.parentElement.closest('details')) { fold.open = true; }
        if (one.id === at) { again.focus(); }
      });
    };
  }

  function refresh(address) {
    var box = waiting();
    return fetch(address || (box && box.getAttribute('data-page')) || location.href, { headers: { Accept: 'text/html' }, cache: 'no-store' }).then(function (answer) {
      /* A screen whose link ended must not go on showing what it showed. */
      if (answer.status === 404 && !box) { location.reload(); }
      return answer.ok ? answer.text() : Promise.reject();
    }).then(function (text) {
      var fresh = new DOMParser().parseFromString(text, 'text/html');
      var main = fresh.querySelector('main');
      if (!main) { return; }
      var old = document.querySelector('main');
      var typed = keep(old);
      var heard = words(old);
      old.replaceWith(document.adoptNode(main));
      typed(main);
      reach();
      /* What is said is what was not there before. */
      var news = words(main).filter(function (one) { return heard.indexOf(one) < 0; });
      if (news.length) { say(news.join(' ')); }
      var next = main.querySelector('[autofocus]');
      if (next && document.activeElement === document.body) { next.focus(); }
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
  /* What is worked out in parts asks for the next one by itself until the last. */
  function goOn() {
    var part = document.querySelector('[data-on]');
    if (!part) { return; }
    var next = part.getAttribute('data-on');
    part.removeAttribute('data-on');
    refresh(next).then(goOn).catch(function () {});
  }
  goOn();
  /* What shows the newest asks for itself anew every few seconds. */
  var again = document.querySelector('[data-reload]');
  if (again) {
    setInterval(function () {
      if (!document.hidden && document.querySelector('[data-reload]')) { refresh().catch(function () {}); }
    }, Number(again.getAttribute('data-reload')) * 1000);
  }
  document.addEventListener('visibilitychange', function () { if (!document.hidden) { poll(); } });
}());
