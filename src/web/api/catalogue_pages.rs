//! The pages of people, as `/api` lists them. Staff sign in; tokens of the API open none of these.

use super::catalogue::{Endpoint, NONE};

pub(super) const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        path: "/", vi: "Về trang đầu của mình.", en: "To the page where one's day begins.", ..NONE
    },
    Endpoint {
        method: "POST", path: "/language", vi: "Chọn ngôn ngữ.", en: "Chooses the language.", ..NONE
    },
    Endpoint { path: "/sign-in", vi: "Trang đăng nhập.", en: "The sign-in page.", ..NONE },
    Endpoint {
        method: "POST",
        path: "/sign-in",
        vi: "Đăng nhập; phiên mới, cookie mới.",
        en: "Signs in: a new session with a new cookie. Rate-limited per address.",
        ..NONE
    },
    Endpoint {
        path: "/sign-in/sso",
        vi: "Sang cổng đăng nhập một lần.",
        en: "To the identity provider, where one is configured.",
        ..NONE
    },
    Endpoint {
        path: "/sign-in/sso/callback",
        vi: "Trở lại từ cổng đăng nhập một lần.",
        en: "Back from the identity provider.",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/sign-in/sso/finish",
        vi: "Chọn tài khoản, nhập mã xác thực.",
        en: "Chooses a login of the proven person and shows its code.",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/account/sso",
        vi: "Liên kết tài khoản của tôi với cổng đăng nhập một lần.",
        en: "Begins to link one's own login to the identity provider.",
        who: "signed in",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/account/sso/unlink",
        vi: "Bỏ liên kết.",
        en: "Takes the link of one's own login away.",
        who: "signed in",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/sign-out",
        vi: "Đăng xuất.",
        en: "Ends the session.",
        who: "signed in",
        ..NONE
    },
    Endpoint {
        path: "/account", vi: "Tài khoản của tôi.", en: "One's own login.", who: "signed in", ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/account/password",
        vi: "Đổi mật khẩu của tôi; các phiên khác kết thúc.",
        en: "Changes one's own password; other sessions end.",
        who: "signed in",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/account/recovery-codes",
        vi: "Tạo mã dự phòng mới.",
        en: "Makes new recovery codes.",
        who: "signed in",
        ..NONE
    },
    Endpoint {
        path: "/account/second-factor",
        vi: "Thiết lập lớp xác thực thứ hai.",
        en: "Offers a second factor to one's own login.",
        who: "signed in",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/account/second-factor",
        vi: "Giữ lớp xác thực thứ hai.",
        en: "Keeps the second factor once a code of it was shown.",
        who: "signed in",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/account/end-session",
        vi: "Kết thúc một phiên của tôi.",
        en: "Ends one session of one's own login.",
        who: "signed in",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/account/sign-out-everywhere",
        vi: "Đăng xuất mọi nơi.",
        en: "Ends every session of the login.",
        who: "signed in",
        ..NONE
    },
    Endpoint {
        path: "/invitation/{token}",
        vi: "Thiết lập tài khoản bằng liên kết một lần.",
        en: "Sets up a login by a one-time link.",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/invitation/{token}",
        vi: "Đặt mật khẩu và lớp xác thực thứ hai.",
        en: "Sets password and second factor.",
        ..NONE
    },
    Endpoint {
        path: "/users", vi: "Người dùng.", en: "The logins.", who: "administrator, auditor", ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/users/invite",
        vi: "Mời một người.",
        en: "Makes a login and its link.",
        who: "administrator",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/users/reset",
        vi: "Cấp liên kết mới.",
        en: "A new link; password and sessions end.",
        who: "administrator",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/users/end",
        vi: "Ngừng hẳn một tài khoản.",
        en: "Ends a login for good.",
        who: "administrator",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/users/vouch",
        vi: "Người thứ hai xác nhận một tài khoản đã đến đúng người.",
        en: "A second person vouches for a login, and it opens.",
        who: "administrator",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/users/sso",
        vi: "Gắn tài khoản với danh tính đăng nhập một lần.",
        en: "Links a login to a subject of the identity provider, or takes the link away.",
        who: "administrator",
        ..NONE
    },
    Endpoint { path: "/counter", vi: "Quầy thu.", en: "The cashier's desk.", who: "cashier", ..NONE },
    Endpoint {
        method: "POST",
        path: "/counter/search",
        vi: "Tìm khoản phải nộp.",
        en: "Finds what is owed; posted, so that no address holds a name.",
        who: "cashier",
        ..NONE
    },
    Endpoint {
        path: "/counter/obligations/{id}",
        vi: "Thu một khoản.",
        en: "What is owed, and what was made of it.",
        who: "cashier",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/counter/obligations/{id}/take",
        vi: "Xác nhận đã thu; gửi lại không thu hai lần.",
        en: "Takes cash or card once, however often the form is sent.",
        who: "cashier",
        ..NONE
    },
    Endpoint { path: "/counter/shift", vi: "Ca thu.", en: "The shift.", who: "cashier", ..NONE },
    Endpoint {
        method: "POST",
        path: "/counter/shift/open",
        vi: "Mở ca thu.",
        en: "Opens the shift with a counted float.",
        who: "cashier",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/counter/shift/close",
        vi: "Kiểm quỹ, đóng ca.",
        en: "Counts the drawer and closes the shift.",
        who: "cashier",
        ..NONE
    },
    Endpoint {
        path: "/finance",
        vi: "Bảng đầu ngày.",
        en: "The morning board.",
        who: "finance, approver, auditor, administrator",
        ..NONE
    },
    Endpoint {
        path: "/finance/statements",
        vi: "Trang sao kê.",
        en: "The statements page.",
        who: "finance, approver, auditor, administrator",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/finance/statements",
        vi: "Xem trước hoặc nhập sao kê.",
        en: "Previews or imports a statement.",
        who: "finance",
        ..NONE
    },
    Endpoint {
        path: "/finance/imports/{id}",
        vi: "Tiến độ và kết quả của một lần nhập.",
        en: "How far an import is, and what came of it.",
        who: "finance, approver, auditor, administrator",
        ..NONE
    },
    Endpoint {
        path: "/finance/exceptions",
        vi: "Ngoại lệ.",
        en: "Everything unexplained.",
        who: "finance, approver, auditor, administrator",
        notes: "?state= &kind= &unit= &account= &owner= &age= &size= (25, 50 or 100) &after=",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/finance/exceptions/approve",
        vi: "Duyệt một đề nghị.",
        en: "Approves a proposal, with the code of the moment.",
        who: "approver",
        ..NONE
    },
    Endpoint {
        path: "/finance/days",
        vi: "Ngày đối soát.",
        en: "The days of the accounts.",
        who: "finance, approver, auditor, administrator",
        ..NONE
    },
    Endpoint {
        path: "/finance/overview/file",
        vi: "Tải tình hình khóa ngày của mọi tài khoản.",
        en: "How every account stands, as a file; ?format=csv|xlsx.",
        who: "finance, approver, auditor, administrator",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/finance/days/close",
        vi: "Khóa ngày.",
        en: "Closes a day, with code or password.",
        who: "finance",
        ..NONE
    },
    Endpoint {
        path: "/p/{code}/status",
        vi: "Dấu phiên bản của trang nộp tiền.",
        en: "Changes when the pay page does; for browsers without streams.",
        ..NONE
    },
    Endpoint {
        path: "/p/{code}/events",
        vi: "Luồng sự kiện của trang nộp tiền.",
        en: "The same as server-sent events.",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/p/{code}/told",
        vi: "“Tôi đã chuyển tiền”.",
        en: "The payer says they have transferred; the unit answers by a day.",
        ..NONE
    },
    Endpoint {
        path: "/robots.txt",
        vi: "Máy tìm kiếm chỉ được xem trang tra cứu và kiểm tra.",
        en: "Search engines may read the look-up and the check of signatures only.",
        ..NONE
    },
    Endpoint { path: "/favicon.ico", vi: "Biểu tượng của trang.", en: "The icon.", ..NONE },
    Endpoint {
        path: "/assets/{name}",
        vi: "Kiểu trình bày và mã của trang.",
        en: "Stylesheet and script, named by their content.",
        ..NONE
    },
    Endpoint {
        path: "/api/v1/openapi.json",
        vi: "Mô tả API theo OpenAPI 3.1, sinh từ mã nguồn.",
        en: "The API as OpenAPI 3.1, made of the code. Anybody may read it.",
        ..NONE
    },
    Endpoint {
        path: "/api/try",
        vi: "Thử API ngay trên trình duyệt (Swagger UI).",
        en: "Tries the API in the browser (Swagger UI, served from here).",
        ..NONE
    },
];
